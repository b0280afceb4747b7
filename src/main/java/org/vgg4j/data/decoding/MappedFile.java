package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file of any length in memory as the system pages it, little-endian. No value may cross a
 * multiple of {@link #SEGMENT}.
 */
final class MappedFile {
  /** Bytes mapped as one: a Java buffer holds less than 2 GiB. */
  static final long SEGMENT = 1L << 30;

  private final MappedByteBuffer[] segments;
  private final long length;

  MappedFile(Path file) throws IOException {
    // Mappings outlive the channel, which an interrupted thread would close.
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      length = channel.size();
      segments = new MappedByteBuffer[(int) ((length + SEGMENT - 1) / SEGMENT)];
      for (int i = 0; i < segments.length; i++) {
        long start = i * SEGMENT;
        segments[i] =
            channel.map(FileChannel.MapMode.READ_ONLY, start, Math.min(SEGMENT, length - start));
        segments[i].order(ByteOrder.LITTLE_ENDIAN);
      }
    }
  }

  /** Returns where some bytes can lie from a place on, without crossing into another segment. */
  static long place(long at, int bytes) {
    long next = (at / SEGMENT + 1) * SEGMENT;
    return at + bytes > next ? next : at;
  }

  long length() {
    return length;
  }

  int getInt(long at) {
    return segment(at).getInt((int) (at % SEGMENT));
  }

  long getLong(long at) {
    return segment(at).getLong((int) (at % SEGMENT));
  }

  /** Returns a view of some bytes. */
  ByteBuffer slice(long at, int bytes) {
    return segment(at).slice((int) (at % SEGMENT), bytes);
  }

  /**
   * Returns a view of some bytes that are all needed now. The system reads them in one go; page by
   * page, a file larger than memory took 30 times as long in a random order.
   */
  ByteBuffer loaded(long at, int bytes) {
    return segment(at).slice((int) (at % SEGMENT), bytes).load();
  }

  private MappedByteBuffer segment(long at) {
    return segments[(int) (at / SEGMENT)];
  }
}
