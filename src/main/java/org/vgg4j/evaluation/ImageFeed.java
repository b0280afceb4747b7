package org.vgg4j.evaluation;

import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.Tensor;

/**
 * Feeds images to a net: as bytes that the engine preprocesses, if it can, else as floats that the
 * loader's thread has prepared.
 */
public final class ImageFeed {
  private final Preprocessing preprocessing;
  private final ImageSource data;
  private final Backend backend;
  private final ImageSpec spec; // null where the host preprocesses

  /**
   * Plans the feed for all shapes that the net was built for.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the images, raw or preprocessed, do not fit
   *     the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public ImageFeed(Vgg vgg, Preprocessing preprocessing, ImageSource data) {
    this.preprocessing = preprocessing;
    this.data = data;
    backend = vgg.network().backend();
    VggConfig config = vgg.config();
    preprocessing.requireFits(config.channels(), config.imageSize());
    ImageSpec wanted = spec(preprocessing, data);
    boolean isPlanned = true;
    for (Execution execution : vgg.network().executions()) {
      isPlanned = execution.images(wanted) != null;
    }
    spec = isPlanned ? wanted : null;
  }

  /**
   * Returns what the engine should do: resize images of one shape and divide them by 255; null when
   * that is not enough or the shapes differ.
   */
  static ImageSpec spec(Preprocessing preprocessing, ImageSource data) {
    ImageShape from = data.commonShape();
    return from == null || !preprocessing.onlyResizes()
        ? null
        : new ImageSpec(
            from.channels(),
            from.height(),
            from.width(),
            preprocessing.channels(),
            preprocessing.resize());
  }

  /** Prepares a pass, as {@link BatchLoader} does, in memory that the engine uploads from. */
  public BatchLoader loader(BatchSchedule schedule, int[] order, int firstBatch) {
    return spec == null
        ? new BatchLoader(data, preprocessing, schedule, order, firstBatch, backend::newHostBuffer)
        : BatchLoader.ofPixels(data, schedule, order, firstBatch, backend::newHostBuffer);
  }

  /**
   * Hands a batch from this feed's loader to the engine without waiting; the batch may be returned
   * to the loader at once.
   *
   * @param at the net at the batch size to run, at most that of the loader; its next {@link
   *     Execution#forward(boolean)} takes the batch
   */
  public void load(Batch batch, Execution at) {
    Tensor images = at.images(spec);
    if (images != null) {
      images.uploadAsync(batch.images());
    } else {
      at.input().uploadFloatsAsync(batch.images());
    }
  }
}
