package org.vgg4j.data.decoding;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.vgg4j.data.ImageShape;

/**
 * What a cache says of one file: 32 bytes of its journal and its index, little-endian, the last
 * four of them the CRC32C of the others.
 *
 * @param offset of its bytes (C, H, W); of a file that could not be read, its number in the list
 * @param channels 0 for a file that could not be read
 * @param height in pixels
 * @param width in pixels
 * @param label of its class
 * @param crc32c of its bytes
 */
record CachedImage(long offset, int channels, int height, int width, int label, int crc32c) {
  static final int BYTES = 32;

  private static final int CHECKED = BYTES - Integer.BYTES;

  /** Returns what is said of a file that could not be read. */
  static CachedImage bad(int number, int label) {
    return new CachedImage(number, 0, 0, 0, label, 0);
  }

  boolean isBad() {
    return channels == 0;
  }

  ImageShape shape() {
    return new ImageShape(channels, height, width);
  }

  int bytes() {
    return channels * height * width;
  }

  /** Returns this as it stands in a file. */
  ByteBuffer encoded() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(offset).putInt(height).putInt(width).putInt(label).putInt(crc32c);
    bytes.putInt(channels);
    return bytes.putInt(crc32c(bytes.slice(0, CHECKED))).flip();
  }

  /** Reads one, null when it was never written or its checksum does not match. */
  static CachedImage decoded(ByteBuffer bytes) {
    ByteBuffer from = bytes.slice(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (from.getInt(CHECKED) != crc32c(from.slice(0, CHECKED))) {
      return null;
    }
    return new CachedImage(
        from.getLong(0),
        from.getInt(24),
        from.getInt(8),
        from.getInt(12),
        from.getInt(16),
        from.getInt(20));
  }

  /** Returns the CRC32C of a buffer's remaining bytes. */
  static int crc32c(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
