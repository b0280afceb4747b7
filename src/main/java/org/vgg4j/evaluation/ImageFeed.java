package org.vgg4j.evaluation;

import java.util.LinkedHashMap;
import java.util.Map;
import org.vgg4j.data.Batch;
import org.vgg4j.data.BatchLoader;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.Tensor;

/**
 * Brings the images of a data set into a net: bytes that the engine resizes, where it can, else
 * floats that the loader's thread has resized.
 */
public final class ImageFeed implements AutoCloseable {
  private record OnEngine(ImagePlan plan, Tensor bytes) {}

  private final Vgg vgg;
  private final Network network;
  private final ImageDataset data;
  private final Closing closing = new Closing();
  private final Map<Integer, OnEngine> sizes = new LinkedHashMap<>(); // empty: on the host

  /**
   * Plans for all of the net's batch sizes.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the images do not fit the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public ImageFeed(Vgg vgg, ImageDataset data) {
    this.vgg = vgg;
    this.data = data;
    network = vgg.network();
    ImageSpec spec =
        new ImageSpec(
            data.channels(),
            data.height(),
            data.width(),
            vgg.config().channels(),
            vgg.config().imageSize());
    Backend backend = network.backend();
    try {
      for (int batch : network.options().batchSizes()) {
        ImagePlan plan = backend.images(spec, network.input(batch).layout());
        if (plan != null) {
          closing.own(plan);
          Arena arena = closing.own(backend.allocate(Arena.align(plan.bytes().bytes())));
          sizes.put(batch, new OnEngine(plan, arena.tensor(0, plan.bytes())));
        }
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Prepares a pass, as {@link BatchLoader} does. */
  public BatchLoader loader(int batchSize, int[] order, int firstBatch) {
    return sizes.isEmpty()
        ? new BatchLoader(
            data, batchSize, vgg.config().imageSize(), vgg.config().channels(), order, firstBatch)
        : BatchLoader.ofPixels(data, batchSize, order, firstBatch);
  }

  /**
   * Hands a batch of this feed's loader to the engine, without waiting for it; the batch may be
   * given back at once.
   *
   * @param rows the batch size of the net to run, at most that of the loader
   * @return the net's input (rows, C, S, S)
   */
  public Tensor input(Batch batch, int rows) {
    Tensor x = network.input(rows);
    OnEngine engine = sizes.get(rows);
    if (engine == null) {
      x.uploadAsync(batch.x(), 0);
    } else {
      engine.bytes.uploadAsync(batch.pixels(), 0);
      engine.plan.forward(engine.bytes, x);
    }
    return x;
  }

  @Override
  public void close() {
    closing.close();
  }
}
