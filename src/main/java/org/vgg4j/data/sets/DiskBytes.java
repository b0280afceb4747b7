package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Records that are appended to a file and read from it by memory mapping, so that millions take no
 * heap. The file has no name any more once it is open (where the system can do that) and goes with
 * the mapping.
 */
final class DiskBytes implements AutoCloseable {
  private static final int SEGMENT_BITS = 21;
  private static final int SEGMENT = 1 << SEGMENT_BITS;

  private final FileChannel channel;
  private final List<MappedByteBuffer> segments = new ArrayList<>();
  private final ByteBuffer zeros = ByteBuffer.allocate(1 << 16);
  private int end = SEGMENT; // in the last segment

  private DiskBytes(FileChannel channel) {
    this.channel = channel;
  }

  /** Opens a file in a folder, which is made. */
  static DiskBytes in(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(UUID.randomUUID() + ".listing");
    return new DiskBytes(
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.DELETE_ON_CLOSE)));
  }

  /**
   * Appends a record.
   *
   * @return where it is: below that of the next
   * @throws IOException when the disk is full
   */
  long append(byte[] record) throws IOException {
    if (record.length > SEGMENT) {
      throw new IOException("a record of " + record.length + " bytes is too long");
    }
    if (end + record.length > SEGMENT) {
      grow();
    }
    segments.get(segments.size() - 1).put(end, record);
    long at = ((long) (segments.size() - 1) << SEGMENT_BITS) + end;
    end += record.length;
    return at;
  }

  /** Zeros are written first: a full disk is then an exception and no failing memory. */
  private void grow() throws IOException {
    long from = (long) segments.size() << SEGMENT_BITS;
    for (long at = from; at < from + SEGMENT; ) {
      zeros.clear();
      at += channel.write(zeros, at);
    }
    segments.add(channel.map(FileChannel.MapMode.READ_WRITE, from, SEGMENT));
    end = 0;
  }

  /** Returns the segment of a place. */
  ByteBuffer segment(long at) {
    return segments.get((int) (at >>> SEGMENT_BITS));
  }

  /** Returns a place within its segment. */
  static int within(long at) {
    return (int) (at & (SEGMENT - 1));
  }

  /** Reads bytes of a record. */
  byte[] read(long at, int length) {
    byte[] bytes = new byte[length];
    segment(at).get(within(at), bytes);
    return bytes;
  }

  /** Ends appending; what was appended can still be read. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
