package org.vgg4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.vgg4j.tensor.InvalidInputException;

/** A file to write, looked at before the work for it is done. */
final class OutFile {
  private OutFile() {}

  /** Requires a file that can be written and is not there, unless it may be written over. */
  static void require(Path file, boolean force) {
    if (Files.isDirectory(file)) {
      throw new InvalidInputException(file + " is a folder; name a file");
    } else if (Files.exists(file) && !force) {
      throw new InvalidInputException(file + " is there already; give --force to write over it");
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new InvalidInputException(file + " cannot be written: there is no folder " + folder);
    }
  }
}
