package org.vgg4j.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file-system calls that durable writing needs, one method per call.
 *
 * <p>Writers take it as a parameter, so that tests can pass one that fails or stops.
 */
public interface FileOperations {
  /**
   * The file system of the machine. A read or write in an interrupted thread fails with {@link
   * java.nio.channels.ClosedByInterruptException}.
   */
  FileOperations SYSTEM = new SystemFileOperations();

  /**
   * Creates an empty file for writing and reading.
   *
   * @throws java.nio.file.FileAlreadyExistsException when the file exists
   */
  FileHandle create(Path file) throws IOException;

  /**
   * Opens a file for reading.
   *
   * @throws java.nio.file.FileSystemException when it does not exist, is a folder or may not be
   *     read
   */
  FileHandle open(Path file) throws IOException;

  /** Atomically renames a file within its folder, replacing any file of that name. */
  void rename(Path from, Path to) throws IOException;

  /**
   * Gives a file a second name, which must not exist yet.
   *
   * @throws UnsupportedOperationException or an IOException where that is not possible
   */
  void link(Path existing, Path name) throws IOException;

  /** Forces a folder's entries to disk; does nothing where the system has no such call. */
  void forceDirectory(Path directory) throws IOException;

  /** Deletes a file if it exists. */
  void delete(Path file) throws IOException;

  /** Returns the files and folders in a folder, sorted by name. */
  List<Path> list(Path directory) throws IOException;
}
