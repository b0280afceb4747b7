package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.vgg4j.tensor.InvalidInputException;

/** Labelled images of one shape in memory, one byte per value. */
public final class InMemoryImages implements ImageSource {
  private final String name;
  private final ImageShape shape;
  private final List<String> classNames;
  private final byte[] pixels; // (N, C, H, W)
  private final int[] labels; // (N)

  /**
   * Creates a source over arrays, which it keeps.
   *
   * @param name its name in messages
   * @param shape of each image
   * @param classNames the names of the classes; label i is the i-th
   * @param pixels (N, C, H, W), unsigned
   * @param labels (N)
   * @throws InvalidInputException when sizes do not fit or a label is out of range
   */
  public InMemoryImages(
      String name, ImageShape shape, List<String> classNames, byte[] pixels, int[] labels) {
    this.name = name;
    this.shape = shape;
    this.classNames = List.copyOf(classNames);
    this.pixels = pixels;
    this.labels = labels;
    if (labels.length == 0) {
      throw new InvalidInputException(name + " has no images");
    }
    if ((long) labels.length * shape.bytes() != pixels.length) {
      throw new InvalidInputException(
          name + " has " + labels.length + " labels and " + pixels.length + " bytes of images");
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classNames.size()) {
        throw new InvalidInputException(
            "%s: label %d of image %d is not in 0..%d"
                .formatted(name, labels[i], i, classNames.size() - 1));
      }
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public int label(int image) {
    return labels[image];
  }

  @Override
  public ImageShape shape(int image) {
    Objects.checkIndex(image, labels.length);
    return shape;
  }

  @Override
  public ImageShape commonShape() {
    return shape;
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    target.put(offset, pixels, image * shape.bytes(), shape.bytes());
  }
}
