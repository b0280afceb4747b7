package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Labelled images of any size, read one at a time. {@link InMemoryImages} is one; another may
 * decode files on request. An image is the same each time it is read: an engine may read it once
 * and keep it. Implementations must be thread-safe.
 */
public interface ImageSource {
  /** Returns its name in messages. */
  String name();

  /** Returns the names of the classes; label i is the i-th. */
  List<String> classNames();

  /** Returns what an image is called, such as its file; null, the default, when it has no name. */
  default String imageName(int image) {
    return null;
  }

  /** Returns the number of images, at least 1. */
  int size();

  /** Returns the label of an image: 0..classes-1. */
  int label(int image);

  /** Returns how many pictures of the set are missing because they cannot be read. */
  default int leftOut() {
    return 0;
  }

  /** Returns the shape of an image. */
  ImageShape shape(int image);

  /** Returns the shape of every image; null, the default, when they may differ. */
  default ImageShape commonShape() {
    return null;
  }

  /**
   * Reads an image.
   *
   * @param target receives the image's values (C, H, W), unsigned; its position is unchanged
   * @param offset where the first value goes in {@code target}
   * @throws InvalidInputException when the image is damaged
   */
  void read(int image, ByteBuffer target, int offset);

  /**
   * Returns a checksum of the images and labels, in hexadecimal digits: the CRC32C of what {@link
   * #addTo} adds of all images, then all labels: one byte each for at most 256 classes, else four,
   * little-endian.
   */
  default String checksum() {
    CRC32C crc = new CRC32C();
    for (int i = 0; i < size(); i++) {
      addTo(crc, i);
    }
    int labelBytes = classNames().size() <= 256 ? 1 : Integer.BYTES;
    for (int i = 0; i < size(); i++) {
      for (int b = 0; b < labelBytes; b++) {
        crc.update(label(i) >>> (8 * b));
      }
    }
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /**
   * Adds an image to a checksum: by default its values. A source that is slow to read should add
   * something that is known of them; a view of another source asks that source.
   */
  default void addTo(CRC32C crc, int image) {
    byte[] values = new byte[shape(image).bytes()];
    read(image, ByteBuffer.wrap(values), 0);
    crc.update(values);
  }

  /** Returns these images for a net of so many channels: for one, colour becomes grey. */
  default ImageSource forChannels(int channels) {
    boolean isGrey = commonShape() != null && commonShape().channels() == 1;
    return channels == 1 && !isGrey ? new GreyImages(this) : this;
  }

  /**
   * Returns a view of the first {@code count} images, or this when it has no more.
   *
   * @throws InvalidInputException when {@code count} is below 1
   */
  default ImageSource limit(int count) {
    if (count < 1) {
      throw new InvalidInputException(
          "a limit of " + count + " images leaves " + name() + " empty");
    }
    return count >= size() ? this : new FirstImages(this, count);
  }
}
