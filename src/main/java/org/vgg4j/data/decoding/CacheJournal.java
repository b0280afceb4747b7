package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.vgg4j.tensor.Closing;

/**
 * A cache while it is being made: pixels in the order in which threads come, and what is known of
 * each file at its place in the list. What was written before a kill is found again; each image is
 * believed only if its checksum matches.
 */
final class CacheJournal implements AutoCloseable {
  private static final long MAGIC = 0x3130_4C4E_4A34_4756L; // VG4JNL01
  private static final int HEADER_BYTES = 64;
  private static final int IDENTITY_BYTES = Long.BYTES;
  private static final int CHUNK_IMAGES = 4096;

  private final Closing owned = new Closing();
  private final FileChannel journal;
  private final FileChannel pixels;
  private final long identity;
  private final int resumed; // images that an earlier process may have written
  private final AtomicLong end = new AtomicLong(IDENTITY_BYTES); // of the pixels

  /** Opens what an earlier process left, or starts anew. */
  CacheJournal(CacheFiles files, int images) throws IOException {
    try {
      journal = owned.own(open(files.journal()));
      pixels = owned.own(open(files.partOfPixels()));
      ByteBuffer header = read(journal, 0, 2 * Long.BYTES);
      if (header != null && header.getLong(0) == MAGIC) {
        identity = header.getLong(Long.BYTES);
        resumed = scan(images);
      } else {
        identity = ThreadLocalRandom.current().nextLong();
        resumed = 0;
        journal.truncate(0);
        pixels.truncate(0);
        writeFully(pixels, numbers(identity), 0);
        writeFully(journal, numbers(MAGIC, identity), 0);
      }
    } catch (IOException | RuntimeException e) {
      owned.abandon(e);
      throw e;
    }
  }

  private static FileChannel open(java.nio.file.Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static ByteBuffer numbers(long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return bytes.flip();
  }

  /** Finds the end of the pixels; returns the number of images that seem to be there. */
  private int scan(int images) throws IOException {
    int found = 0;
    for (int first = 0; first < images; first += CHUNK_IMAGES) {
      int count = Math.min(CHUNK_IMAGES, images - first);
      ByteBuffer chunk = ByteBuffer.allocate(count * CachedImage.BYTES);
      readAvailable(journal, chunk, place(first));
      for (int i = 0; i < count; i++) {
        CachedImage image =
            CachedImage.decoded(chunk.slice(i * CachedImage.BYTES, CachedImage.BYTES));
        if (image != null && !image.isBad()) {
          end.accumulateAndGet(image.offset() + image.bytes(), Math::max);
          found++;
        }
      }
    }
    return found;
  }

  private static long place(int number) {
    return HEADER_BYTES + (long) number * CachedImage.BYTES;
  }

  long identity() {
    return identity;
  }

  /** Returns how many images an earlier process may have written. */
  int resumed() {
    return resumed;
  }

  /** Returns what is known of a file, null for nothing. */
  CachedImage image(int number) throws IOException {
    ByteBuffer bytes = read(journal, place(number), CachedImage.BYTES);
    return bytes == null ? null : CachedImage.decoded(bytes);
  }

  /** Returns whether an earlier process wrote an image wholly. */
  boolean hasWhole(int number) throws IOException {
    CachedImage image = resumed == 0 ? null : image(number);
    if (image == null || image.isBad()) {
      return false;
    }
    ByteBuffer bytes = read(pixels, image.offset(), image.bytes());
    return bytes != null && CachedImage.crc32c(bytes) == image.crc32c();
  }

  /** Adds a picture. */
  void add(int number, Picture picture, int label) throws IOException {
    byte[] values = picture.values();
    long offset = reserve(values.length);
    writeFully(pixels, ByteBuffer.wrap(values), offset);
    int crc = CachedImage.crc32c(ByteBuffer.wrap(values));
    write(
        number,
        new CachedImage(offset, picture.channels(), picture.height(), picture.width(), label, crc));
  }

  /** Takes room behind all that is there. */
  private long reserve(int bytes) {
    return end.updateAndGet(at -> MappedFile.place(at, bytes) + bytes) - bytes;
  }

  /** Notes that a file cannot be read. */
  void addBad(int number, int label) throws IOException {
    write(number, CachedImage.bad(number, label));
  }

  private void write(int number, CachedImage image) throws IOException {
    writeFully(journal, image.encoded(), place(number));
  }

  /**
   * Returns how many bytes of pixels there are. Nobody waits until they are on the disk: what a
   * power cut takes is found by its checksum.
   */
  long pixelBytes() throws IOException {
    return pixels.size();
  }

  static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    for (long at = position; bytes.hasRemaining(); ) {
      at += channel.write(bytes, at);
    }
  }

  /** Returns some bytes, null when the file ends before. */
  private static ByteBuffer read(FileChannel channel, long position, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    readAvailable(channel, bytes, position);
    return bytes.hasRemaining() ? null : bytes.flip();
  }

  private static void readAvailable(FileChannel channel, ByteBuffer into, long position)
      throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int count = channel.read(into, at);
      if (count < 0) {
        return;
      }
      at += count;
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
