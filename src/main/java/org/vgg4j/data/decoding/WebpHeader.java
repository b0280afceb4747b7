package org.vgg4j.data.decoding;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.vgg4j.data.ImageShape;

/** What a WebP file says before its data. Source: RFC 9649. */
final class WebpHeader {
  private static final int LEAST_BYTES = 30;
  private static final int SIDE_BITS = 0x3FFF;
  private static final int MOST_CHUNKS = 1000;

  private WebpHeader() {}

  /** Returns the size of a file's picture, null when it is no WebP file. */
  static ImageShape shape(byte[] file) {
    if (!isWebp(file)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int width;
    int height;
    switch (name(bytes, 12)) {
      case "VP8 " -> {
        width = bytes.getShort(26) & SIDE_BITS;
        height = bytes.getShort(28) & SIDE_BITS;
      }
      case "VP8L" -> {
        width = (bytes.getInt(21) & SIDE_BITS) + 1;
        height = (bytes.getInt(21) >>> 14 & SIDE_BITS) + 1;
      }
      case "VP8X" -> {
        width = (bytes.getInt(23) >>> 8) + 1;
        height = (bytes.getInt(26) >>> 8) + 1;
      }
      default -> {
        return null;
      }
    }
    return width == 0 || height == 0 ? null : new ImageShape(1, height, width);
  }

  /** Returns where the EXIF data of a file are, null when it has none. */
  static byte[] exif(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    long at = 12;
    for (int i = 0; i < MOST_CHUNKS && at + 8 <= file.length; i++) {
      long length = bytes.getInt((int) at + 4) & 0xFFFFFFFFL;
      if (name(bytes, (int) at).equals("EXIF") && at + 8 + length <= file.length) {
        return Arrays.copyOfRange(file, (int) at + 8, (int) (at + 8 + length));
      }
      at += 8 + length + length % 2;
    }
    return null;
  }

  static boolean isWebp(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    return file.length >= LEAST_BYTES
        && name(bytes, 0).equals("RIFF")
        && name(bytes, 8).equals("WEBP");
  }

  private static String name(ByteBuffer bytes, int at) {
    byte[] name = new byte[4];
    bytes.get(at, name);
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
