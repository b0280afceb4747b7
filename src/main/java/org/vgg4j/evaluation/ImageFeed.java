package org.vgg4j.evaluation;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.vgg4j.data.Batch;
import org.vgg4j.data.BatchLoader;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.Preprocessing;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.Tensor;

/**
 * Brings images into a net: bytes that the engine preprocesses, where it can, else floats that the
 * loader's thread has made of them.
 */
public final class ImageFeed implements AutoCloseable {
  private record OnEngine(ImagePlan plan, Tensor bytes) {}

  private final Network network;
  private final Preprocessing preprocessing;
  private final ImageSource data;
  private final Closing closing = new Closing();
  private final Map<Integer, OnEngine> sizes = new LinkedHashMap<>(); // empty: on the host

  /**
   * Plans for all of the net's batch sizes.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the images or what the preprocessing makes
   *     of them do not fit the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public ImageFeed(Vgg vgg, Preprocessing preprocessing, ImageSource data) {
    this.preprocessing = preprocessing;
    this.data = data;
    VggConfig config = vgg.config();
    preprocessing.requireFits(config.channels(), config.imageSize());
    network = vgg.network();
    ImageSpec spec = specOfEngine();
    Backend backend = network.backend();
    try {
      for (int batch : network.options().batchSizes()) {
        ImagePlan plan = spec == null ? null : backend.images(spec, network.input(batch).layout());
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

  /**
   * Returns what an engine is asked to do: it resizes images of one shape and divides them by 255;
   * null where that is not all or the shapes differ.
   */
  private ImageSpec specOfEngine() {
    ImageShape from = data.commonShape();
    return from == null || !preprocessing.isDefault()
        ? null
        : new ImageSpec(
            from.channels(),
            from.height(),
            from.width(),
            preprocessing.channels(),
            preprocessing.resize());
  }

  /** Prepares a pass, as {@link BatchLoader} does. */
  public BatchLoader loader(int batchSize, int[] order, int firstBatch) {
    return sizes.isEmpty()
        ? new BatchLoader(
            data, batchSize, preprocessing, order, firstBatch, ByteBuffer::allocateDirect)
        : BatchLoader.ofPixels(data, batchSize, order, firstBatch, ByteBuffer::allocateDirect);
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
    upload(batch.images(), engine == null ? x : engine.bytes);
    if (engine != null) {
      engine.plan.forward(engine.bytes, x);
    }
    return x;
  }

  private static void upload(ByteBuffer images, Tensor target) {
    int count = target.shape().arrayLength();
    if (target.dtype() == DType.F32 || target.dtype() == DType.U8) {
      target.uploadAsync(images.slice(0, count * target.dtype().bytes()));
    } else { // floats for an engine that computes in another type
      float[] values = new float[count];
      images.asFloatBuffer().get(values);
      target.upload(values);
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
