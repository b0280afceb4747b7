package org.vgg4j.data.sets;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Small IDX files, and whole folders of them, for tests. */
public final class TinyIdx {
  private TinyIdx() {}

  /** Returns an IDX file's content: whatever header and values are given. */
  static byte[] content(int magic, int[] dims, byte[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * dims.length + values.length);
    bytes.putInt(magic);
    for (int dim : dims) {
      bytes.putInt(dim);
    }
    return bytes.put(values).array();
  }

  /** Returns the bytes in gzip. */
  static byte[] gzip(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Writes a gzipped IDX file. */
  static Path write(Path file, int magic, int[] dims, byte[] values) throws IOException {
    return Files.write(file, gzip(content(magic, dims, values)));
  }

  /** Returns bytes of all values, the same for the same seed. */
  public static byte[] noise(int count, long seed) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Writes the four files into a folder, images of 3 x 2 and labels 0, 1, ..., 9, 0, ... */
  static Path folder(Path folder, int train, int test) throws IOException {
    Files.createDirectories(folder);
    images(folder, "train", train);
    labels(folder, "train", train);
    images(folder, "t10k", test);
    labels(folder, "t10k", test);
    return folder;
  }

  static void images(Path folder, String prefix, int count) throws IOException {
    Path file = folder.resolve(prefix + FashionMnistFiles.IMAGES);
    write(file, 0x0803, new int[] {count, 3, 2}, noise(count * 6, prefix.length()));
  }

  static void labels(Path folder, String prefix, int count) throws IOException {
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % FashionMnist.CLASS_NAMES.size());
    }
    write(folder.resolve(prefix + FashionMnistFiles.LABELS), 0x0801, new int[] {count}, labels);
  }
}
