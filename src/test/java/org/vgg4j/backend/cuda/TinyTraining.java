package org.vgg4j.backend.cuda;

import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.Tensor;

/** The smallest net with every kind of layer, and its training step by step. */
final class TinyTraining implements AutoCloseable {
  static final int BATCH = 4;
  private static final int SIZE = 8;

  private final Closing closing = new Closing();
  private final Network network;
  private final CrossEntropyLoss loss;
  private final AttachedOptimizer optimizer;
  private final float[] images = new float[BATCH * SIZE * SIZE];
  private final int[] labels = {0, 1, 2, 1};
  private long step;

  /** Builds on an engine that the caller closes. */
  TinyTraining(Backend backend) {
    for (int i = 0; i < images.length; i++) {
      images[i] = (i * 37 % 101) / 101f;
    }
    VggConfig config =
        VggConfig.builder()
            .layers("3,M,4,M")
            .batchNorm(true)
            .channels(1)
            .classes(3)
            .imageSize(SIZE)
            .hidden(5)
            .dropout(0.3)
            .build();
    try {
      Vgg vgg =
          closing.own(
              Vgg.build(config, Initialization.PYTORCH, NetworkOptions.training(BATCH), backend));
      network = vgg.network();
      optimizer = closing.own(new Adam().attach(network));
      loss = closing.own(new CrossEntropyLoss(network));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Enqueues one update as a training does. */
  void step() {
    Tensor x = network.input(BATCH);
    x.uploadAsync(images, 0);
    loss.labels(BATCH).uploadAsync(labels, 0);
    network.stepState().set(step, step, 1e-3);
    Tensor logits = network.forward(x, true);
    Tensor dlogits = network.outputGradient(BATCH);
    loss.forward(logits, dlogits, BATCH, 1.0 / BATCH);
    network.backward(dlogits);
    optimizer.step();
    step++;
  }

  LossTotals totals() {
    return loss.totals();
  }

  @Override
  public void close() {
    closing.close();
  }
}
