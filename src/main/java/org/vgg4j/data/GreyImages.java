package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A view of images in which colour is grey: each pixel's brightness, rounded to the nearest level.
 *
 * @param all the source
 */
record GreyImages(ImageSource all) implements ImageSource {
  private static final int COLOURS = 3;

  @Override
  public String name() {
    return all.name();
  }

  @Override
  public List<String> classNames() {
    return all.classNames();
  }

  @Override
  public int size() {
    return all.size();
  }

  @Override
  public int label(int image) {
    return all.label(image);
  }

  @Override
  public int leftOut() {
    return all.leftOut();
  }

  @Override
  public ImageShape shape(int image) {
    return grey(all.shape(image));
  }

  @Override
  public ImageShape commonShape() {
    return all.commonShape() == null ? null : grey(all.commonShape());
  }

  private static ImageShape grey(ImageShape shape) {
    return shape.channels() == COLOURS ? new ImageShape(1, shape.height(), shape.width()) : shape;
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    ImageShape shape = all.shape(image);
    if (shape.channels() != COLOURS) {
      all.read(image, target, offset);
      return;
    }
    byte[] colour = new byte[shape.bytes()];
    all.read(image, ByteBuffer.wrap(colour), 0);
    int plane = shape.bytes() / COLOURS;
    for (int i = 0; i < plane; i++) {
      double luma =
          Luma.of(colour[i] & 0xFF, colour[plane + i] & 0xFF, colour[2 * plane + i] & 0xFF);
      target.put(offset + i, (byte) Math.round(luma));
    }
  }

  @Override
  public void addTo(CRC32C crc, int image) {
    all.addTo(crc, image);
  }

  @Override
  public String checksum() {
    return all.checksum();
  }
}
