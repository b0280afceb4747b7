package org.vgg4j.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file-system calls that durable writing is made of, one method a call.
 *
 * <p>Writers take it as a parameter; a test puts a layer that fails or stops under them.
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
   * @throws java.nio.file.FileAlreadyExistsException when there is one of this name
   */
  FileHandle create(Path file) throws IOException;

  /**
   * Opens a file for reading.
   *
   * @throws java.nio.file.FileSystemException when it does not exist, is a folder or may not be
   *     read
   */
  FileHandle open(Path file) throws IOException;

  /** Gives a file a new name in the same folder in one step, in place of a file of that name. */
  void rename(Path from, Path to) throws IOException;

  /**
   * Gives a file a second name, which no file may have yet.
   *
   * @throws UnsupportedOperationException or an IOException where that is not possible
   */
  void link(Path existing, Path name) throws IOException;

  /** Forces the names in a folder to the disk; does nothing where the system has no such call. */
  void forceDirectory(Path directory) throws IOException;

  /** Deletes a file; does nothing when there is none. */
  void delete(Path file) throws IOException;

  /** The files and folders in a folder, sorted by name. */
  List<Path> list(Path directory) throws IOException;
}
