package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * A view of the first images of a source.
 *
 * @param all the source
 * @param size how many of its images, fewer than all
 */
record FirstImages(ImageSource all, int size) implements ImageSource {
  @Override
  public String name() {
    return all.name();
  }

  @Override
  public List<String> classNames() {
    return all.classNames();
  }

  @Override
  public String imageName(int image) {
    return all.imageName(Objects.checkIndex(image, size));
  }

  @Override
  public int label(int image) {
    return all.label(Objects.checkIndex(image, size));
  }

  @Override
  public ImageShape shape(int image) {
    return all.shape(Objects.checkIndex(image, size));
  }

  @Override
  public ImageShape commonShape() {
    return all.commonShape();
  }

  @Override
  public void read(int image, ByteBuffer target, int offset) {
    all.read(Objects.checkIndex(image, size), target, offset);
  }

  @Override
  public void addTo(CRC32C crc, int image) {
    all.addTo(crc, Objects.checkIndex(image, size));
  }

  @Override
  public int leftOut() {
    return all.leftOut();
  }
}
