package org.vgg4j.data.decoding;

import java.nio.file.Path;

/** Whether a JPEG file goes to its end: decoders paint what is missing in grey. */
final class WholeFile {
  private static final int MARK = 0xFF;
  private static final int START = 0xD8;
  private static final int END = 0xD9;
  private static final int SCAN = 0xDA;

  private WholeFile() {}

  /**
   * Walks through the file's segments.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when it is a JPEG file without an end
   */
  static void require(Path file, byte[] bytes) {
    boolean isJpeg = bytes.length >= 2 && (bytes[0] & 0xFF) == MARK && (bytes[1] & 0xFF) == START;
    if (isJpeg && !ends(bytes)) {
      throw PictureDecoder.damaged(file, "it ends before the picture does; get it again", null);
    }
  }

  private static boolean ends(byte[] bytes) {
    boolean scanned = false;
    int at = 2;
    while (at < bytes.length) {
      if (bytes[at++] != (byte) MARK) {
        continue; // a scan's data
      }
      while (at < bytes.length && bytes[at] == (byte) MARK) {
        at++; // filling
      }
      if (at + 2 >= bytes.length) {
        return at < bytes.length && (bytes[at] & 0xFF) == END && scanned;
      }
      int marker = bytes[at++] & 0xFF;
      if (marker == END) {
        return scanned;
      }
      scanned |= marker == SCAN;
      if (hasLength(marker)) {
        at += Math.max(2, ((bytes[at] & 0xFF) << 8) | (bytes[at + 1] & 0xFF));
      }
    }
    return false;
  }

  /** All but 0 (a byte of data), 1 and the restarts within a scan; not the end of the file. */
  private static boolean hasLength(int marker) {
    return marker > 1 && !(marker >= 0xD0 && marker <= 0xD7);
  }
}
