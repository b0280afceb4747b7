package org.vgg4j.data.sets;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * The files of a tar archive, one after another (POSIX ustar and its ancestors: names of at most
 * 100 bytes, sizes in octal digits). That is all CIFAR's archives need: a handful of files, which a
 * library would read no better.
 */
final class TarReader {
  private static final int BLOCK = 512;
  private static final int NAME = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE = 12;
  private static final int SUM_AT = 148;
  private static final int SUM = 8;
  private static final int TYPE_AT = 156;

  private final InputStream in;
  private long left; // of the file
  private int padding; // behind it

  TarReader(InputStream in) {
    this.in = in;
  }

  /**
   * A file.
   *
   * @param name with its folders
   * @param size in bytes
   */
  record Entry(String name, long size) {}

  /**
   * Goes to the next file; folders and other things are passed over.
   *
   * @return null at the end of the archive
   * @throws IOException when it is no archive, or ends too early
   */
  Entry next() throws IOException {
    while (true) {
      in.skipNBytes(left + padding);
      byte[] header = in.readNBytes(BLOCK);
      if (header.length < BLOCK) {
        throw new EOFException("the archive ends too early");
      }
      if (isEmpty(header)) {
        left = 0;
        padding = 0;
        return null;
      }
      requireSum(header);
      left = octal(header, SIZE_AT, SIZE);
      padding = (int) (-left & (BLOCK - 1));
      boolean isFile = header[TYPE_AT] == '0' || header[TYPE_AT] == 0;
      if (isFile) {
        return new Entry(text(header, 0, NAME), left);
      }
    }
  }

  /** Reads the file's next bytes; -1 at its end. */
  int read(byte[] into) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = in.read(into, 0, (int) Math.min(into.length, left));
    if (count < 0) {
      throw new EOFException("the archive ends too early");
    }
    left -= count;
    return count;
  }

  private static boolean isEmpty(byte[] header) {
    for (byte value : header) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  /** The sum of the header's bytes, for which its own field counts as blanks. */
  private static void requireSum(byte[] header) throws IOException {
    long sum = SUM * ' ';
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= SUM_AT && i < SUM_AT + SUM ? 0 : header[i] & 0xFF;
    }
    if (sum != octal(header, SUM_AT, SUM)) {
      throw new IOException("it is not an intact tar archive");
    }
  }

  private static long octal(byte[] header, int at, int length) throws IOException {
    try {
      return Long.parseUnsignedLong(text(header, at, length).strip(), 8) & Long.MAX_VALUE;
    } catch (NumberFormatException e) {
      throw new IOException("it is not an intact tar archive", e);
    }
  }

  private static String text(byte[] header, int at, int length) {
    int end = at;
    while (end < at + length && header[end] != 0) {
      end++;
    }
    return new String(header, at, end - at, StandardCharsets.UTF_8);
  }
}
