package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Writes a file so that its name always stands for the whole old or the whole new contents.
 *
 * <p>The contents go to {@code NAME.tmp} in the same folder, are forced to the disk, read back and
 * checked, and renamed; then the folder is forced. Whatever fails before the rename, the temporary
 * file is deleted, a force is never tried twice on one file, and the old file stays. When only the
 * force of the folder fails, the new file has its name, but a power cut may still bring the old one
 * back.
 *
 * <p>A temporary file left behind by a process that was killed is replaced by the next write. One
 * writer at a time may write a target.
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

  /** Looks at what was written before it gets its name. */
  @FunctionalInterface
  public interface Check {
    /**
     * Reads the file back.
     *
     * @throws IOException when it is not what was to be written
     */
    void check(Path written) throws IOException;
  }

  /**
   * Writes a file of these bytes on the machine's file system.
   *
   * @throws IOException naming the target, when it could not be written
   */
  public static void write(Path target, byte[] bytes) throws IOException {
    write(target, bytes, FileOperations.SYSTEM);
  }

  /**
   * Writes a file of these bytes and reads it back.
   *
   * @throws IOException naming the target, when it could not be written
   */
  public static void write(Path target, byte[] bytes, FileOperations files) throws IOException {
    write(
        target,
        file -> file.writeFully(ByteBuffer.wrap(bytes), 0),
        written -> {
          if (!Arrays.equals(bytes, read(written, bytes.length + 1, files))) {
            throw new IOException("what was written reads back otherwise");
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
   * Writes a file.
   *
   * @param check reads the file back, forced and closed, before it is renamed
   * @throws ForceFailedException when the disk did not confirm what was written; nothing is known
   *     of it then, and only a new file may be tried
   * @throws IOException naming the target, when it could not be written; other exceptions of the
   *     content come through as they are
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
   * Gives a file that is whole and on the disk a second name, in place of a file of that name;
   * where there are no links it is copied.
   *
   * @throws IOException naming the target, when it could not be done; a file of that name is then
   *     unchanged
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
    if (!hash[0].equals(readChunks(temporary, files, (chunk, position) -> {}))) {
      throw new IOException("what was copied reads back otherwise");
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

  /** Makes a temporary file and gives it its name. */
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
