package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Any number of images of random bytes with random labels, for timings; few of them differ. */
public final class RandomImages implements ImageSource {
  /** So many images differ, for a large set to need little memory. */
  private static final int DIFFERENT = 128;

  private final ImageShape shape;
  private final List<String> classNames;
  private final int size;
  private final byte[] pixels; // (min(N, DIFFERENT), C, H, W)
  private final int[] labels; // likewise

  /**
   * Draws the images.
   *
   * @param shape of each
   * @param classes how many labels there are
   * @param size how many images, at least 1
   * @param seed of the draws
   */
  public RandomImages(ImageShape shape, int classes, int size, long seed) {
    this.shape = shape;
    this.size = size;
    classNames = IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    SplittableRandom random = new SplittableRandom(seed);
    int different = Math.min(size, DIFFERENT);
    labels = random.ints(different, 0, classes).toArray();
    pixels = new byte[Math.multiplyExact(different, shape.bytes())];
    random.nextBytes(pixels);
  }

  private int place(int image) {
    return Objects.checkIndex(image, size) % labels.length;
  }

  @Override
  public String name() {
    return "random images";
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int label(int image) {
    return labels[place(image)];
  }

  @Override
  public ImageShape shape(int image) {
    Objects.checkIndex(image, size);
    return shape;
  }

  @Override
  public ImageShape commonShape() {
    return shape;
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    target.put(offset, pixels, place(image) * shape.bytes(), shape.bytes());
  }
}
