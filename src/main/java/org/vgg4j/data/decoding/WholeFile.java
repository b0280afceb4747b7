package org.vgg4j.data.decoding;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
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
  static void require(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      if (in.read() == MARK && in.read() == START && !ends(in)) {
        throw PictureDecoder.damaged(file, "it ends before the picture does; get it again", null);
      }
    }
  }

  private static boolean ends(InputStream in) throws IOException {
    boolean scanned = false;
    while (true) {
      int next = in.read();
      if (next < 0) {
        return false;
      }
      if (next != MARK) {
        continue; // a scan's data
      }
      int marker = in.read();
      while (marker == MARK) {
        marker = in.read(); // filling
      }
      if (marker == END) {
        return scanned;
      }
      scanned |= marker == SCAN;
      if (hasLength(marker)) {
        try {
          int length = in.read() << 8 | in.read();
          in.skipNBytes(Math.max(0, length - 2));
        } catch (EOFException e) {
          return false;
        }
      }
    }
  }

  /** All but 0 (a byte of data), 1 and the restarts within a scan; not the end of the file. */
  private static boolean hasLength(int marker) {
    return marker > 1 && !(marker >= 0xD0 && marker <= 0xD7);
  }
}
