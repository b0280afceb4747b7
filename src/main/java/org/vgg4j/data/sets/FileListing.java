package org.vgg4j.data.sets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The names of files, folder by folder, on disk. Of each folder they are sorted by their UTF-8
 * bytes, that is by code points. The heap takes 8 bytes a file of the folder that is being listed,
 * and none later. It is written by one thread, and read by any once it is closed.
 */
final class FileListing implements AutoCloseable {
  /** The bytes of a name's length before it. */
  private static final int PREFIX = Short.BYTES;

  /** The bytes of an entry: where its folder's name and its own are. */
  private static final int ENTRY = 2 * Long.BYTES;

  private final DiskBytes names;
  private final DiskBytes entries; // in the order of the files: a segment holds whole ones
  private int size;
  private long folder; // that is being listed
  private int[] files = new int[64]; // its files' names, from its own
  private int count;

  private FileListing(DiskBytes names, DiskBytes entries) {
    this.names = names;
    this.entries = entries;
  }

  /** Begins a listing in a folder of temporary files. */
  static FileListing in(Path folder) throws IOException {
    DiskBytes names = DiskBytes.in(folder);
    try {
      return new FileListing(names, DiskBytes.in(folder));
    } catch (IOException | RuntimeException | Error e) {
      names.close();
      throw e;
    }
  }

  /**
   * Begins a folder.
   *
   * @throws UncheckedIOException when the disk is full, as the next two methods do: the caller's
   *     own failures to read a folder are others
   */
  void begin(String name) {
    folder = append(names, record(name));
    count = 0;
  }

  private static long append(DiskBytes bytes, byte[] record) {
    try {
      return bytes.append(record);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds a file of the folder, in any order. */
  void add(String name) {
    long from = append(names, record(name)) - folder;
    if (from > Integer.MAX_VALUE || size + (long) count == Integer.MAX_VALUE) {
      throw new InvalidInputException("there are more than 2,147,483,647 bytes or files of names");
    }
    files = count == files.length ? Arrays.copyOf(files, 2 * count) : files;
    files[count++] = (int) from;
  }

  /** Ends the folder. */
  void end() {
    IntSort.sort(files, count, (a, b) -> compare(folder + a, folder + b));
    ByteBuffer entry = ByteBuffer.allocate(ENTRY);
    for (int i = 0; i < count; i++) {
      append(entries, entry.putLong(0, folder).putLong(Long.BYTES, folder + files[i]).array());
    }
    size += count;
  }

  private static byte[] record(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(PREFIX + bytes.length)
        .putShort((short) bytes.length)
        .put(bytes)
        .array();
  }

  private int compare(long a, long b) {
    ByteBuffer left = names.segment(a);
    ByteBuffer right = names.segment(b);
    int atLeft = DiskBytes.within(a);
    int atRight = DiskBytes.within(b);
    int leftLength = left.getShort(atLeft) & 0xFFFF;
    int rightLength = right.getShort(atRight) & 0xFFFF;
    for (int i = 0; i < Math.min(leftLength, rightLength); i++) {
      int difference =
          (left.get(atLeft + PREFIX + i) & 0xFF) - (right.get(atRight + PREFIX + i) & 0xFF);
      if (difference != 0) {
        return difference;
      }
    }
    return leftLength - rightLength;
  }

  /** Returns the number of files in the folders that were ended. */
  int size() {
    return size;
  }

  /** Returns a file below a root: its folder's name and its own. */
  Path file(Path root, int index) {
    long at = (long) index * ENTRY;
    ByteBuffer segment = entries.segment(at);
    long its = segment.getLong(DiskBytes.within(at));
    long name = segment.getLong(DiskBytes.within(at) + Long.BYTES);
    return root.resolve(text(its)).resolve(text(name));
  }

  private String text(long at) {
    int length = names.segment(at).getShort(DiskBytes.within(at)) & 0xFFFF;
    return new String(names.read(at + PREFIX, length), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    files = null;
    try (entries) {
      names.close();
    }
  }
}
