package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;

/** Makes a cache: decodes each file of a list once. */
final class CacheBuilder {
  private static final int WRITE_BYTES = 1 << 16;

  private final PictureList list;
  private final CacheKey key;
  private final CacheOptions options;
  private final DecodingListener listener;
  private final CacheFiles files;
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger bad = new AtomicInteger();

  CacheBuilder(PictureList list, CacheKey key, CacheOptions options, DecodingListener listener) {
    this.list = list;
    this.key = key;
    this.options = options;
    this.listener = listener;
    files = new CacheFiles(options.folder().resolve(key.name()));
  }

  /**
   * Makes the cache, going on where an earlier process was killed.
   *
   * @throws InvalidInputException when a file cannot be read and that is not to be skipped, or none
   *     can
   * @throws IOException when the cache cannot be written
   */
  void build() throws Exception {
    Files.createDirectories(files.folder());
    Files.deleteIfExists(files.index());
    try (CacheJournal journal = new CacheJournal(files, list.size())) {
      if (journal.resumed() > 0) {
        listener.report(
            "going on with %s: %d of %d pictures were decoded before"
                .formatted(list.name(), journal.resumed(), list.size()));
      }
      listener.progress(list.name(), 0, list.size());
      Workers.run(options.threads(), list.size(), number -> add(journal, number));
      if (bad.get() > 0) {
        listener.report(BadPictures.count(list, bad.get()));
      }
      if (bad.get() == list.size()) {
        throw new InvalidInputException(
            "none of the pictures of %s can be read".formatted(list.name()));
      }
      writeIndex(journal, journal.pixelBytes());
    }
    Files.move(files.partOfPixels(), files.pixels(), StandardCopyOption.ATOMIC_MOVE);
    Files.move(files.partOfIndex(), files.index(), StandardCopyOption.ATOMIC_MOVE);
    Files.deleteIfExists(files.journal());
  }

  private void add(CacheJournal journal, int number) throws IOException {
    if (!journal.hasWhole(number)) {
      Path file = list.file(number);
      try {
        journal.add(number, decoded(file), list.label(number));
      } catch (InvalidInputException e) {
        refuse(number, e);
        journal.addBad(number, list.label(number));
      }
    }
    synchronized (listener) {
      listener.progress(list.name(), done.incrementAndGet(), list.size());
    }
  }

  private void refuse(int number, InvalidInputException why) {
    if (options.onBadImage() == OnBadImage.STOP) {
      throw BadPictures.stop(list, number, why);
    }
    bad.incrementAndGet();
    synchronized (listener) {
      listener.report(BadPictures.leftOut(list, number, why));
    }
  }

  private Picture decoded(Path file) {
    CacheKey.FileState before = CacheKey.FileState.of(file);
    Picture picture = PictureDecoder.decode(file, options.shorterSide());
    if (!CacheKey.FileState.of(file).equals(before)) {
      throw new InvalidInputException(file + " changed while it was read");
    }
    return picture.shrunk(options.shorterSide());
  }

  private void writeIndex(CacheJournal journal, long pixelBytes) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            files.partOfIndex(),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      byte[] origin = key.origin().toString().getBytes(StandardCharsets.UTF_8);
      int images = list.size() - bad.get();
      CacheIndex.Header header =
          new CacheIndex.Header(
              images,
              bad.get(),
              options.shorterSide(),
              journal.identity(),
              pixelBytes,
              commonShape(journal),
              origin.length);
      CRC32C crc = new CRC32C();
      crc.update(header.encoded(0));
      ByteBuffer buffer = ByteBuffer.allocate(WRITE_BYTES);
      long at = CacheIndex.HEADER_BYTES;
      for (boolean ofBad : new boolean[] {false, true}) {
        for (int i = 0; i < list.size(); i++) {
          CachedImage image = journal.image(i);
          if (image.isBad() == ofBad) {
            if (buffer.remaining() < CachedImage.BYTES) {
              at = write(out, buffer, at, crc);
            }
            buffer.put(image.encoded());
          }
        }
      }
      at = write(out, buffer, at, crc);
      crc.update(origin);
      CacheJournal.writeFully(out, ByteBuffer.wrap(origin), at);
      CacheJournal.writeFully(out, header.encoded((int) crc.getValue()), 0);
      out.force(true);
    }
  }

  private static long write(FileChannel out, ByteBuffer buffer, long at, CRC32C crc)
      throws IOException {
    buffer.flip();
    int count = buffer.remaining();
    crc.update(buffer.duplicate());
    CacheJournal.writeFully(out, buffer, at);
    buffer.clear();
    return at + count;
  }

  private ImageShape commonShape(CacheJournal journal) throws IOException {
    ImageShape common = null;
    for (int i = 0; i < list.size(); i++) {
      CachedImage image = journal.image(i);
      if (!image.isBad()) {
        ImageShape shape = image.shape();
        if (common != null && !common.equals(shape)) {
          return null;
        }
        common = shape;
      }
    }
    return common;
  }
}
