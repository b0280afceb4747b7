package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.vgg4j.data.sets.TinyIdx;

/**
 * Images of noise whose shapes differ; the first is grey and the second in colour.
 *
 * @param knowsShapes whether it tells the shapes beforehand
 */
public record MixedImages(int size, boolean knowsShapes) implements ImageSource {
  private static final int CLASSES = 400;

  /** Creates images whose shapes are known only when they are read. */
  public MixedImages(int size) {
    this(size, false);
  }

  @Override
  public String name() {
    return "mixed";
  }

  @Override
  public List<String> classNames() {
    return Collections.nCopies(CLASSES, "one of many");
  }

  @Override
  public int label(int image) {
    return image * 77 % CLASSES;
  }

  @Override
  public ImageShape shape(int image) {
    return new ImageShape(image % 2 == 0 ? 1 : 3, 3 + image / 3 % 4, 7 - image / 5);
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    byte[] pixels = TinyIdx.noise(shape(image).bytes(), image);
    target.put(offset, pixels, 0, pixels.length);
  }
}
