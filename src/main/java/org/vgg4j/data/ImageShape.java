package org.vgg4j.data;

import org.vgg4j.tensor.InvalidInputException;

/**
 * The dimensions of one image.
 *
 * @param channels C: 1 for grey, 3 for colour
 * @param height H, in pixels
 * @param width W, in pixels
 */
public record ImageShape(int channels, int height, int width) {
  /** The most bytes of an image or a batch: the largest array that every JVM allows. */
  public static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  /**
   * Checks the dimensions.
   *
   * @throws InvalidInputException when one is below 1 or the image is too large for a Java array
   */
  public ImageShape {
    // In floating point: the product is exact where it matters and cannot overflow.
    if (channels < 1 || height < 1 || width < 1 || (double) channels * height * width > MAX_BYTES) {
      throw new InvalidInputException(
          "an image cannot have %d x %d x %d values".formatted(channels, height, width));
    }
  }

  /** Returns the number of values, one byte each. */
  public int bytes() {
    return channels * height * width;
  }
}
