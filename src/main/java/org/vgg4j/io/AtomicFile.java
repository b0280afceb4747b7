package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Writes a file so that its name always refers to the complete old or the complete new contents.
 *
 * <p>The contents are written to {@code NAME.tmp} in the same folder, forced to disk, read back,
 * checked and renamed; then the folder is forced. If anything fails before the rename, the
 * temporary file is deleted and the old file stays. A file is never forced again after a failure.
 * If only forcing the folder fails, the new file is in place, but a power cut may still bring the
 * old one back.
 *
 * <p>The next write replaces a temporary file left behind by a killed process. Only one writer at a
 * time may write a target.
 */
public final class AtomicFile {
  private static final int CHUNK_BYTES = 1 << 16;

  private AtomicFile() {}

  /** Writes a file's contents into an empty file. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything; the caller forces and closes the file. */
    void writeTo(FileHandle file) throws IOException;
  }

  /** Checks the written file before it is renamed. */
  @FunctionalInterface
  public interface Check {
    /**
     * Reads the file back.
     *
     * @throws IOException when it does not hold what should have been written
     */
    void check(Path written) throws IOException;
  }

  /**
   * Writes bytes to a file on the machine's file system.
   *
   * @throws IOException naming the target, when it could not be written
   */
  public static void write(Path target, byte[] bytes) throws IOException {
    write(target, bytes, FileOperations.SYSTEM);
  }

  /**
   * Writes bytes to a file and reads it back.
   *
   * @throws IOException naming the target, when it could not be written
   */
  public static void write(Path target, byte[] bytes, FileOperations files) throws IOException {
    write(
        target,
        file -> file.writeFully(ByteBuffer.wrap(bytes), 0),
        written -> {
          if (!Arrays.equals(bytes, read(written, bytes.length + 1, files))) {
            throw new IOException("the file reads back differently than written");
          }
        },
        files);
  }

  /**
   * Returns a file's bytes, at most the first {@code limit}.
   *
   * @throws IOException when it cannot be read
   */
  public static byte[] read(Path path, int limit, FileOperations files) throws IOException {
    try (FileHandle file = files.open(path)) {
      byte[] bytes = new byte[(int) Math.min(limit, file.size())];
      file.readFully(ByteBuffer.wrap(bytes), 0);
      return bytes;
    }
  }

  /**
   * Returns the SHA-256 of a file's bytes as hexadecimal digits.
   *
   * @throws IOException when it cannot be read
   */
  public static String sha256(Path path, FileOperations files) throws IOException {
    return readChunks(path, files, (chunk, position) -> {});
  }

  /**
   * Writes a file.
   *
   * @param check reads the file back, forced and closed, before it is renamed
   * @throws ForceFailedException when the disk did not confirm the write; the contents are then
   *     unknown, and a retry must use a new file
   * @throws IOException naming the target, when it could not be written; the content's other
   *     exceptions pass through unchanged
   */
  public static void write(Path target, Content content, Check check, FileOperations files)
      throws IOException {
    replace(
        target,
        temporary -> {
          writeTemporary(temporary, content, files);
          check.check(temporary);
        },
        files);
  }

  /**
   * Gives a complete file on disk a second name, replacing any file of that name; copies it where
   * links are not supported.
   *
   * @throws IOException naming the target, when this fails; an existing target is then unchanged
   */
  public static void link(Path existing, Path target, FileOperations files) throws IOException {
    replace(
        target,
        temporary -> {
          files.delete(temporary);
          try {
            files.link(existing, temporary);
          } catch (IOException | UnsupportedOperationException e) {
            copy(existing, temporary, files);
          }
        },
        files);
  }

  private static void copy(Path existing, Path temporary, FileOperations files) throws IOException {
    String[] hash = new String[1];
    writeTemporary(
        temporary, file -> hash[0] = readChunks(existing, files, file::writeFully), files);
    if (!hash[0].equals(sha256(temporary, files))) {
      throw new IOException("the copy reads back differently");
    }
  }

  private interface Maker {
    void make(Path temporary) throws IOException;
  }

  private interface ChunkSink {
    void accept(ByteBuffer chunk, long position) throws IOException;
  }

  /** Reads a file; returns its SHA-256. */
  private static String readChunks(Path path, FileOperations files, ChunkSink sink)
      throws IOException {
    ContentHash hash = new ContentHash();
    try (FileHandle file = files.open(path)) {
      long size = file.size();
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
      for (long done = 0; done < size; done += chunk.limit()) {
        chunk.clear().limit((int) Math.min(CHUNK_BYTES, size - done));
        file.readFully(chunk, done);
        hash.update(chunk.flip());
        sink.accept(chunk, done);
      }
    }
    return hash.digits();
  }

  /** Makes a temporary file and renames it to the target. */
  private static void replace(Path target, Maker maker, FileOperations files) throws IOException {
    Path path = target.toAbsolutePath();
    Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
    try {
      try {
        maker.make(temporary);
        files.rename(temporary, path);
      } catch (Throwable failure) {
        discard(temporary, files, failure);
        throw failure;
      }
      forceDirectory(path.getParent(), files);
    } catch (ForceFailedException e) {
      throw new ForceFailedException(message(target, e), e);
    } catch (IOException e) {
      throw new IOException(message(target, e), e);
    }
  }

  private static String message(Path target, IOException e) {
    return "cannot write " + target + ": " + IoFailures.reason(e);
  }

  private static void writeTemporary(Path temporary, Content content, FileOperations files)
      throws IOException {
    files.delete(temporary);
    try (FileHandle file = files.create(temporary)) {
      content.writeTo(file);
      try {
        file.force();
      } catch (IOException e) {
        throw new ForceFailedException(IoFailures.reason(e), e);
      }
    }
  }

  private static void forceDirectory(Path folder, FileOperations files) throws IOException {
    try {
      files.forceDirectory(folder);
    } catch (IOException e) {
      throw new ForceFailedException(IoFailures.reason(e), e);
    }
  }

  private static void discard(Path temporary, FileOperations files, Throwable failure) {
    try {
      files.delete(temporary);
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
