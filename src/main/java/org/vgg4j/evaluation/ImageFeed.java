package org.vgg4j.evaluation;

import org.vgg4j.data.Batch;
import org.vgg4j.data.BatchLoader;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.ImageSpec;

/**
 * Brings the images of a data set into a net: bytes that the engine resizes, where it can, else
 * floats that the loader's thread has resized.
 */
public final class ImageFeed {
  private final Vgg vgg;
  private final ImageDataset data;
  private final ImageSpec spec;
  private final boolean isOnEngine;

  /**
   * Plans for all shapes that the net was built for.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the images do not fit the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public ImageFeed(Vgg vgg, ImageDataset data) {
    this.vgg = vgg;
    this.data = data;
    spec =
        new ImageSpec(
            data.channels(),
            data.height(),
            data.width(),
            vgg.config().channels(),
            vgg.config().imageSize());
    boolean planned = false;
    for (Execution execution : vgg.network().executions()) {
      planned = execution.images(spec) != null;
    }
    isOnEngine = planned;
  }

  /** Prepares a pass, as {@link BatchLoader} does. */
  public BatchLoader loader(int batchSize, int[] order, int firstBatch) {
    return !isOnEngine
        ? new BatchLoader(
            data, batchSize, vgg.config().imageSize(), vgg.config().channels(), order, firstBatch)
        : BatchLoader.ofPixels(data, batchSize, order, firstBatch);
  }

  /**
   * Hands a batch of this feed's loader to the engine, without waiting for it; the batch may be
   * given back at once.
   *
   * @param at the net at the batch size to run, at most that of the loader; its next {@link
   *     Execution#forward(boolean)} takes the batch
   */
  public void load(Batch batch, Execution at) {
    if (isOnEngine) {
      at.images(spec).uploadAsync(batch.pixels(), 0);
    } else {
      at.input().uploadAsync(batch.x(), 0);
    }
  }
}
