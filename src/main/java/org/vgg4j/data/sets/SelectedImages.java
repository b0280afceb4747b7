package org.vgg4j.data.sets;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;

/** A view of some images of a source, in its order: some two bits an image are kept. */
final class SelectedImages implements ImageSource {
  private final String name;
  private final ImageSource all;
  private final long[] words; // bit i: image i is selected
  private final int[] before; // selected images before each word
  private final int size;

  SelectedImages(String name, ImageSource all, BitSet selected) {
    this.name = name;
    this.all = all;
    words = selected.toLongArray();
    before = new int[words.length];
    int count = 0;
    for (int w = 0; w < words.length; w++) {
      before[w] = count;
      count += Long.bitCount(words[w]);
    }
    size = count;
  }

  /** Returns the number in the source of a selected image. */
  private int source(int image) {
    Objects.checkIndex(image, size);
    int low = 0;
    int high = before.length - 1;
    while (low < high) { // the last word with at most that many before it
      int middle = (low + high + 1) >>> 1;
      if (before[middle] <= image) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    long word = words[low];
    for (int passed = before[low]; passed < image; passed++) {
      word &= word - 1;
    }
    return Long.SIZE * low + Long.numberOfTrailingZeros(word);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> classNames() {
    return all.classNames();
  }

  @Override
  public String imageName(int image) {
    return all.imageName(source(image));
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int label(int image) {
    return all.label(source(image));
  }

  @Override
  public ImageShape shape(int image) {
    return all.shape(source(image));
  }

  @Override
  public ImageShape commonShape() {
    return all.commonShape();
  }

  @Override
  public boolean knowsShapes() {
    return all.knowsShapes();
  }

  @Override
  public void addTo(CRC32C crc, int image) {
    all.addTo(crc, source(image));
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    all.read(source(image), target, offset);
  }

  /** From the source's own, which may be cheaper than reading, and the selection. */
  @Override
  public String checksum() {
    CRC32C crc = new CRC32C();
    all.checksum().chars().forEach(crc::update);
    ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
    for (long next : words) {
      crc.update(word.putLong(0, next).array());
    }
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  @Override
  public int leftOut() {
    return all.leftOut();
  }
}
