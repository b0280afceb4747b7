package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Writes a file so that its name always stands for the whole old or the whole new contents.
 *
 * <p>The contents go to {@code NAME.tmp} in the same folder, are forced to the disk and renamed;
 * then the folder is forced. Whatever fails before the rename, the temporary file is deleted, a
 * force is never tried twice on one file, and the old file stays. When only the force of the folder
 * fails, the new file has its name, but a power cut may still bring the old one back.
 *
 * <p>A temporary file left behind by a process that was killed is replaced by the next write. One
 * writer at a time may write a target.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes a file's contents into an empty file. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything; the caller forces and closes the file. */
    void writeTo(FileHandle file) throws IOException;
  }

  /**
   * Writes a file of these bytes on the machine's file system.
   *
   * @throws IOException naming the target, when it could not be written
   */
  public static void write(Path target, byte[] bytes) throws IOException {
    write(target, file -> file.writeFully(ByteBuffer.wrap(bytes), 0), FileOperations.SYSTEM);
  }

  /**
   * Writes a file.
   *
   * @throws IOException naming the target, when it could not be written; other exceptions of the
   *     content come through as they are
   */
  public static void write(Path target, Content content, FileOperations files) throws IOException {
    Path path = target.toAbsolutePath();
    Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
    try {
      writeTemporary(temporary, content, files);
      rename(temporary, path, files);
      files.forceDirectory(path.getParent());
    } catch (IOException e) {
      throw new IOException("cannot write " + target + ": " + IoFailures.reason(e), e);
    }
  }

  private static void writeTemporary(Path temporary, Content content, FileOperations files)
      throws IOException {
    files.delete(temporary);
    try (FileHandle file = files.create(temporary)) {
      content.writeTo(file);
      file.force();
    } catch (Throwable failure) {
      discard(temporary, files, failure);
      throw failure;
    }
  }

  private static void rename(Path temporary, Path path, FileOperations files) throws IOException {
    try {
      files.rename(temporary, path);
    } catch (Throwable failure) {
      discard(temporary, files, failure);
      throw failure;
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
