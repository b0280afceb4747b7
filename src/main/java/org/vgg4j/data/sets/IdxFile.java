package org.vgg4j.data.sets;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.vgg4j.tensor.InvalidInputException;

/**
 * An IDX file, gzipped or not: a magic number that ends in the number of axes, the axes' big-endian
 * extents, then unsigned bytes. Source: LeCun, Cortes and Burges, "The MNIST database of
 * handwritten digits".
 *
 * @param dims the extents, outermost first
 * @param bytes the values
 */
record IdxFile(int[] dims, byte[] bytes) {
  /** The type code of unsigned bytes, in the third byte of the magic number. */
  private static final int UNSIGNED_BYTES = 0x0800;

  /** More than any such data set has, and small enough for a Java array. */
  private static final int MAX_BYTES = 1 << 30;

  private static final int CHUNK = 1 << 16;

  /** No gzip file inflates to more times its bytes. */
  private static final long MOST_INFLATION = 1032;

  /**
   * Reads a file with the given number of axes.
   *
   * @throws InvalidInputException when it is missing, damaged or of another kind
   */
  static IdxFile read(Path path, int axes) {
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(path), CHUNK);
        InputStream in = inflated(raw)) {
      int magic = ByteBuffer.wrap(exactly(in, 4, path)).getInt();
      if (magic != (UNSIGNED_BYTES | axes)) {
        if (in.equals(raw)) {
          throw damaged(path, "it is neither an IDX file nor one in gzip format");
        }
        throw damaged(
            path, "its magic number is 0x%08x, not 0x%08x".formatted(magic, UNSIGNED_BYTES | axes));
      }
      int[] dims = new int[axes];
      ByteBuffer header = ByteBuffer.wrap(exactly(in, 4 * axes, path));
      header.asIntBuffer().get(dims);
      long count = 1;
      for (int dim : dims) {
        if (dim < 1 || dim > MAX_BYTES || count * dim > MAX_BYTES) {
          throw damaged(path, "its header declares extents that no data set has: " + text(dims));
        }
        count *= dim;
      }
      byte[] bytes = exactly(in, (int) count, path);
      if (in.read() >= 0) {
        throw damaged(path, "it holds more than the " + count + " bytes that its header declares");
      }
      return new IdxFile(dims, bytes);
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(path + " is missing", e);
    } catch (EOFException e) {
      throw damaged(path, "it ends too early");
    } catch (ZipException e) {
      throw damaged(path, "it is not an intact gzip file (" + e.getMessage() + ")");
    } catch (IOException e) {
      throw new InvalidInputException(path + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Returns what inflates a gzip file, and the stream itself of any other. */
  static InputStream inflated(InputStream raw) throws IOException {
    raw.mark(2);
    boolean isGzip = raw.read() == 0x1F && raw.read() == 0x8B;
    raw.reset();
    return isGzip ? new GZIPInputStream(raw, CHUNK) : raw;
  }

  /** Reads at once what the file can hold, else in growing chunks: a false header takes no heap. */
  private static byte[] exactly(InputStream in, int count, Path path) throws IOException {
    byte[] bytes;
    int read;
    if (count <= MOST_INFLATION * Files.size(path)) {
      bytes = room(count, path);
      read = in.readNBytes(bytes, 0, count);
    } else {
      bytes = in.readNBytes(count);
      read = bytes.length;
    }
    if (read < count) {
      throw damaged(path, "it ends after %d of %d bytes".formatted(read, count));
    }
    return bytes;
  }

  private static byte[] room(int count, Path path) {
    try {
      return new byte[count];
    } catch (OutOfMemoryError e) {
      throw new InvalidInputException(
          "%s holds %d MB, for which the Java heap is too small; make it larger (-Xmx)"
              .formatted(path, count >> 20),
          e);
    }
  }

  private static String text(int[] dims) {
    StringBuilder text = new StringBuilder();
    for (int dim : dims) {
      text.append(text.isEmpty() ? "" : " x ").append(Integer.toUnsignedString(dim));
    }
    return text.toString();
  }

  private static InvalidInputException damaged(Path path, String why) {
    return new InvalidInputException(
        path + " is not a usable IDX file: " + why + "; fetch it again or name another folder");
  }
}
