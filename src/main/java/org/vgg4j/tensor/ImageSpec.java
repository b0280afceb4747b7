package org.vgg4j.tensor;

/**
 * The way of images of bytes into a net: resized to squares, bilinearly with half-pixel centres and
 * clamped edges, then divided by 255; one grey channel repeated where the net has more.
 *
 * <p>Source: PyTorch's {@code interpolate(mode="bilinear", align_corners=False)}; no antialiasing.
 *
 * @param channels C0, of the images of bytes
 * @param height H0, of the images of bytes
 * @param width W0, of the images of bytes
 * @param outChannels C, of the net's images: C0, or any where C0 is 1
 * @param size S, the side of the net's images
 */
public record ImageSpec(int channels, int height, int width, int outChannels, int size) {
  /** Checks the fields. */
  public ImageSpec {
    Specs.positive("the channels of an image", channels);
    Specs.positive("the height of an image", height);
    Specs.positive("the width of an image", width);
    Specs.positive("a net's channels", outChannels);
    Specs.positive("a net's image size", size);
    if (channels != outChannels && channels != 1) {
      throw new InvalidInputException(
          "a net of " + outChannels + " channels cannot take images with " + channels);
    }
    // Positions are fractions of 32-bit integers.
    if ((2.0 * size + 1) * Math.max(Math.max(height, width), size) > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "images of " + height + "x" + width + " are too large to be resized to " + size);
    }
  }

  /** Returns the shape of {@code batch} images of bytes: (N, C0, H0, W0). */
  public Shape bytes(int batch) {
    return Shape.of(batch, channels, height, width);
  }

  /** Returns the shape of a net's input: (N, C, S, S). */
  public Shape x(int batch) {
    return Shape.of(batch, outChannels, size, size);
  }
}
