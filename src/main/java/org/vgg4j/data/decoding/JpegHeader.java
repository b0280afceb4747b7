package org.vgg4j.data.decoding;

import java.nio.ByteBuffer;

/**
 * What a JPEG file says of its picture before its data.
 *
 * @param bits of a sample
 * @param height in pixels
 * @param width in pixels
 * @param components 1 for grey, 3 for colours, 4 for inks
 */
record JpegHeader(int bits, int height, int width, int components) {
  private static final int START = 0xFFD8FF;
  private static final int MARK = 0xFF;
  private static final int SCAN = 0xDA;

  /** Reads the header of a file, null when it is none of a JPEG file. */
  static JpegHeader of(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    if (file.length < 4 || bytes.getInt(0) >>> 8 != START) {
      return null;
    }
    int at = 2;
    while (at + 10 <= file.length && (file[at] & 0xFF) == MARK) {
      int marker = file[at + 1] & 0xFF;
      if (marker == MARK) {
        at++; // filling
      } else if (marker == SCAN) {
        return null;
      } else if (isFrame(marker)) {
        return new JpegHeader(
            bytes.get(at + 4),
            bytes.getShort(at + 5) & 0xFFFF,
            bytes.getShort(at + 7) & 0xFFFF,
            bytes.get(at + 9));
      } else {
        at += 2 + (bytes.getShort(at + 2) & 0xFFFF);
      }
    }
    return null;
  }

  /** All of 0xC0 to 0xCF but tables and JPEG's extensions. */
  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  /** Returns whether the samples are grey, or red, green and blue in some form, of 8 bits. */
  boolean isPlain() {
    return bits == 8 && (components == 1 || components == 3);
  }
}
