package org.vgg4j.data;

import org.vgg4j.tensor.InvalidInputException;

/** In which form a loader's batches hold the images of a data set. */
interface BatchImages {
  /** The largest array that every Java virtual machine makes. */
  int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

  /**
   * Returns an empty batch.
   *
   * @throws InvalidInputException when it is too large for a Java array
   */
  Batch buffer(int batchSize);

  /** Puts image {@code image} of the data set into a batch as its {@code row}-th. */
  void put(int image, Batch batch, int row);

  /** Returns the elements of a batch of images of (channels, height, width). */
  static int elements(int batchSize, int channels, int height, int width) {
    if ((double) batchSize * channels * height * width > MAX_ELEMENTS) {
      throw new InvalidInputException(
          "a batch of %d images of %dx%dx%d is too large; take fewer or smaller ones"
              .formatted(batchSize, channels, height, width));
    }
    return batchSize * channels * height * width;
  }
}
