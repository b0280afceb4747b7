package org.vgg4j.tensor;

import java.util.List;

/**
 * The way into a net of images of bytes of any shapes, each of which a row of a table says
 * separately: resized, cropped to a square, perhaps flipped, divided by 255, shifted, less the
 * mean, divided by the deviation; one grey channel repeated where the net has more.
 *
 * @param bytes how many bytes of images there are at most
 * @param count the rows of the table
 * @param channels C, of the net's images
 * @param size S, the side of the net's images
 * @param mostTaps with antialiasing the most pixels of a row or column that make one; 0 for none
 * @param mean of each channel; empty, with the deviation, for values that stay as they are
 * @param deviation of each channel
 */
public record ImageViewSpec(
    long bytes,
    int count,
    int channels,
    int size,
    int mostTaps,
    List<Float> mean,
    List<Float> deviation) {
  /** Tensors of bytes are multiples of this. */
  private static final int PIECE = 256;

  /** Checks the fields. */
  public ImageViewSpec {
    Specs.positive("the rows of a table of images", count);
    Specs.positive("a net's channels", channels);
    Specs.positive("a net's image size", size);
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (bytes < 1 || bytes > (long) PIECE * Integer.MAX_VALUE) {
      throw new InvalidInputException("there cannot be " + bytes + " bytes of images");
    }
    if (mostTaps < 0) {
      throw new InvalidInputException("no pixel is made of " + mostTaps);
    }
    if (mean.size() != deviation.size() || (!mean.isEmpty() && mean.size() != channels)) {
      throw new InvalidInputException(
          "%d means and %d deviations do not fit %d channels"
              .formatted(mean.size(), deviation.size(), channels));
    }
  }

  /** Returns the shape of the memory of all images of bytes: their bytes, filled up. */
  public Shape images() {
    return Shape.of((int) ((bytes + PIECE - 1) / PIECE), PIECE);
  }

  /** Returns the shape of the table, of bytes. */
  public Shape table() {
    return Shape.of(count, ImageRow.BYTES);
  }

  /** Returns the shape of a net's input: (N, C, S, S). */
  public Shape x(int batch) {
    return Shape.of(batch, channels, size, size);
  }
}
