package org.vgg4j.data;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.vgg4j.tensor.InvalidInputException;

/** Labelled images of one size in memory, a byte a value. */
public final class ImageDataset {
  private final String name;
  private final boolean sample;
  private final int channels;
  private final int height;
  private final int width;
  private final List<String> classNames;
  private final byte[] pixels; // (N, C, H, W)
  private final byte[] labels; // (N)

  /**
   * Creates a data set over arrays, which it keeps.
   *
   * @param name what messages call it
   * @param sample whether it is a cut of a larger set, whose figures must not be taken for the
   *     whole's
   * @param classNames the names of the classes; label i is the i-th
   * @param pixels (N, C, H, W), unsigned
   * @param labels (N)
   * @throws InvalidInputException when sizes do not fit or a label names no class
   */
  public ImageDataset(
      String name,
      boolean sample,
      int channels,
      int height,
      int width,
      List<String> classNames,
      byte[] pixels,
      byte[] labels) {
    this.name = name;
    this.sample = sample;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.classNames = List.copyOf(classNames);
    this.pixels = pixels;
    this.labels = labels;
    if (labels.length == 0) {
      throw new InvalidInputException(name + " has no images");
    }
    if (channels < 1 || height < 1 || width < 1) {
      throw new InvalidInputException(
          "%s has images of %d x %d x %d".formatted(name, channels, height, width));
    }
    // In floating point: the product is exact where it matters and cannot wrap round.
    if ((double) labels.length * channels * height * width != pixels.length) {
      throw new InvalidInputException(
          name + " has " + labels.length + " labels and " + pixels.length + " bytes of images");
    }
    for (int i = 0; i < labels.length; i++) {
      if ((labels[i] & 0xFF) >= classNames.size()) {
        throw new InvalidInputException(
            "%s: label %d of image %d is not in 0..%d"
                .formatted(name, labels[i] & 0xFF, i, classNames.size() - 1));
      }
    }
  }

  /** Returns what messages call it. */
  public String name() {
    return name;
  }

  /** Returns whether it is a cut of a larger set. */
  public boolean isSample() {
    return sample;
  }

  /** Returns the number of images. */
  public int size() {
    return labels.length;
  }

  /** Returns the channels of an image. */
  public int channels() {
    return channels;
  }

  /** Returns the height of an image in pixels. */
  public int height() {
    return height;
  }

  /** Returns the width of an image in pixels. */
  public int width() {
    return width;
  }

  /** Returns the names of the classes. */
  public List<String> classNames() {
    return classNames;
  }

  /** Returns the CRC32C of all images and labels, in hexadecimal digits. */
  public String crc32c() {
    CRC32C crc = new CRC32C();
    crc.update(pixels);
    crc.update(labels);
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** Returns the label of an image. */
  public int label(int image) {
    return labels[image] & 0xFF;
  }

  /** Returns a copy of an image: (C, H, W), unsigned. */
  public byte[] image(int image) {
    int bytes = channels * height * width;
    return Arrays.copyOfRange(pixels, image * bytes, (image + 1) * bytes);
  }

  /** Returns the pixels of all images, not a copy: (N, C, H, W). */
  byte[] pixels() {
    return pixels;
  }

  /**
   * Returns the first {@code count} images, or all when there are no more.
   *
   * @throws InvalidInputException when {@code count} is below 1
   */
  public ImageDataset limit(int count) {
    if (count < 1) {
      throw new InvalidInputException("a limit of " + count + " images leaves " + name + " empty");
    }
    if (count >= size()) {
      return this;
    }
    int bytes = channels * height * width;
    return new ImageDataset(
        name,
        sample,
        channels,
        height,
        width,
        classNames,
        Arrays.copyOf(pixels, count * bytes),
        Arrays.copyOf(labels, count));
  }
}
