package org.vgg4j.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;

/** Writes data sets as folders of four gzipped IDX files, and single files of any content. */
public final class IdxFolder {
  private IdxFolder() {}

  /** Writes both sets under Fashion-MNIST's file names. */
  public static Path write(Path folder, ImageSource train, ImageSource test) throws IOException {
    Files.createDirectories(folder);
    write(folder, "train", train);
    write(folder, "t10k", test);
    return folder;
  }

  private static void write(Path folder, String prefix, ImageSource data) throws IOException {
    ImageShape shape = data.commonShape();
    ByteBuffer pixels = ByteBuffer.allocate(data.size() * shape.bytes());
    ByteBuffer labels = ByteBuffer.allocate(data.size());
    for (int i = 0; i < data.size(); i++) {
      pixels.put(Images.bytes(data, i));
      labels.put((byte) data.label(i));
    }
    int[] dims = {data.size(), shape.height(), shape.width()};
    file(folder.resolve(prefix + "-images-idx3-ubyte.gz"), 0x0803, dims, pixels.array());
    file(
        folder.resolve(prefix + "-labels-idx1-ubyte.gz"),
        0x0801,
        new int[] {data.size()},
        labels.array());
  }

  /** Writes one file: whatever header and values are given. */
  public static void file(Path file, int magic, int[] dims, byte[] values) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * dims.length + values.length).putInt(magic);
    for (int dim : dims) {
      bytes.putInt(dim);
    }
    Files.write(file, gzip(bytes.put(values).array()));
  }

  /** Returns the bytes in gzip. */
  public static byte[] gzip(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
