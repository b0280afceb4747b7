package org.vgg4j.backend.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.TotalsRead;
import org.vgg4j.train.TrainingStep;

/** The smallest net with every kind of layer, and its training step by step. */
final class TinyTraining implements AutoCloseable {
  static final int BATCH = 4;
  private static final int SIZE = 8;
  private static final int HEIGHT = 7;
  private static final int WIDTH = 6;
  private static final int STEPS_A_READ = 20;

  private static final ImageSpec SPEC = new ImageSpec(1, HEIGHT, WIDTH, 1, SIZE);
  private final Closing closing = new Closing();
  private final Network network;
  private final CrossEntropyLoss loss;
  private final TrainingStep trainingStep;
  private final Execution execution;
  private final HostBuffer pixels;
  private final HostBuffer labels;
  private long step;
  private TotalsRead read; // null when none is under way

  /** Builds a net with batch norm on an engine that the caller closes. */
  TinyTraining(Backend backend) {
    this(backend, true);
  }

  /** Builds a net with or without batch norm on an engine that the caller closes. */
  TinyTraining(Backend backend, boolean batchNorm) {
    VggConfig config =
        VggConfig.builder()
            .layers("3,M,4,M")
            .batchNorm(batchNorm)
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
      trainingStep = closing.own(new TrainingStep(network, new Adam(), false));
      loss = network.loss();
      execution = network.execution(BATCH);
      execution.images(SPEC);
      pixels = closing.own(backend.newHostBuffer(BATCH * HEIGHT * WIDTH));
      for (int i = 0; i < BATCH * HEIGHT * WIDTH; i++) {
        pixels.bytes().put(i, (byte) (i * 37 % 251));
      }
      labels = closing.own(backend.newHostBuffer(BATCH * Integer.BYTES));
      labels.bytes().asIntBuffer().put(new int[] {0, 1, 2, 1});
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Enqueues one update as a training does. */
  void step() {
    pixels.await();
    execution.images(SPEC).uploadAsync(pixels);
    execution.labels().uploadAsync(labels);
    network.stepState().set(step, step, 1e-3, BATCH, 1.0 / BATCH);
    trainingStep.run(execution, true, true);
    step++;
    if (step % STEPS_A_READ == 0) {
      read = loss.beginTotals();
    }
    if (read != null && read.poll() != null) {
      read = null;
    }
  }

  /** Reads the totals as a training does beside its steps. */
  LossTotals read() {
    TotalsRead beside = loss.beginTotals();
    LossTotals totals = beside.poll();
    while (totals == null) {
      totals = beside.poll();
    }
    return totals;
  }

  /** Looks at all parameters. */
  boolean isFinite() {
    return network.parameters().stream().allMatch(parameter -> parameter.value().isFinite());
  }

  LossTotals totals() {
    return loss.totals();
  }

  /** Returns the bits of all parameters and of the totals. */
  List<Double> bits() {
    List<Double> all = new ArrayList<>();
    for (Parameter parameter : network.parameters()) {
      double[] values = new double[parameter.shape().arrayLength()];
      parameter.value().download(values);
      Arrays.stream(values).forEach(all::add);
    }
    all.add(totals().lossSum());
    return all;
  }

  @Override
  public void close() {
    closing.close();
  }
}
