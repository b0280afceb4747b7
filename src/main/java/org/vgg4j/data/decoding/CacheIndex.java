package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.vgg4j.data.ImageShape;

/**
 * The index of a whole cache: a header, 32 bytes an image in the list's order, 32 bytes a file that
 * could not be read, and the name of the pictures' folder.
 */
final class CacheIndex {
  static final int HEADER_BYTES = 64; // a multiple of an image's 32

  private static final long MAGIC = 0x3130_474D_4934_4756L; // VG4IMG01
  private static final int CRC_AT = HEADER_BYTES - Integer.BYTES;
  private static final int CHUNK = 1 << 20;

  private final MappedFile file;
  private final Header header;

  /**
   * The numbers at the start of the file.
   *
   * @param images how many there are
   * @param bad how many files could not be read
   * @param shorterSide as in {@link CacheOptions}
   * @param identity which the file of pixels has too
   * @param pixelBytes the length of the file of pixels
   * @param common the shape of all images, null when they differ
   * @param textBytes the length of the text at the end
   */
  record Header(
      int images,
      int bad,
      int shorterSide,
      long identity,
      long pixelBytes,
      ImageShape common,
      int textBytes) {
    private static Header read(MappedFile file) {
      int channels = file.getInt(40);
      return new Header(
          file.getInt(8),
          file.getInt(12),
          file.getInt(16),
          file.getLong(24),
          file.getLong(32),
          channels == 0 ? null : new ImageShape(channels, file.getInt(44), file.getInt(48)),
          file.getInt(20));
    }

    /** Returns the bytes of the file's start. */
    ByteBuffer encoded(int crc32c) {
      ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.putLong(MAGIC).putInt(images).putInt(bad).putInt(shorterSide).putInt(textBytes);
      bytes.putLong(identity).putLong(pixelBytes);
      if (common != null) {
        bytes.putInt(common.channels()).putInt(common.height()).putInt(common.width());
      }
      return bytes.putInt(CRC_AT, crc32c).clear();
    }

    long textAt() {
      return HEADER_BYTES + (long) (images + bad) * CachedImage.BYTES;
    }
  }

  private CacheIndex(MappedFile file, Header header) {
    this.file = file;
    this.header = header;
  }

  /**
   * Reads an index and checks all of it.
   *
   * @return null when there is none
   * @throws IOException when it is damaged
   */
  static CacheIndex read(Path path) throws IOException {
    MappedFile file;
    try {
      file = new MappedFile(path);
    } catch (NoSuchFileException e) {
      return null;
    }
    if (file.length() < HEADER_BYTES || file.getLong(0) != MAGIC) {
      throw new IOException("it has no index");
    }
    if (checksum(file) != file.getInt(CRC_AT)) {
      throw new IOException("the checksum of its index does not match");
    }
    return new CacheIndex(file, Header.read(file));
  }

  /** Returns the checksum of a file whose own place for it counts as 0. */
  private static int checksum(MappedFile file) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(0, CRC_AT));
    crc.update(new byte[Integer.BYTES]);
    for (long at = HEADER_BYTES; at < file.length(); ) {
      long end = Math.min(file.length(), (at / CHUNK + 1) * CHUNK); // within a segment
      crc.update(file.slice(at, (int) (end - at)));
      at = end;
    }
    return (int) crc.getValue();
  }

  Header header() {
    return header;
  }

  /** Returns the folder that the pictures came from. */
  String origin() {
    byte[] text = new byte[header.textBytes()];
    for (int i = 0; i < text.length; i++) {
      text[i] = file.slice(header.textAt() + i, 1).get();
    }
    return new String(text, StandardCharsets.UTF_8);
  }

  /** Returns an image, or behind the images a file that could not be read. */
  CachedImage image(int number) {
    long at = HEADER_BYTES + (long) number * CachedImage.BYTES;
    return CachedImage.decoded(file.slice(at, CachedImage.BYTES));
  }
}
