package org.vgg4j.bundle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A folder to build in, beside the file to be made, so that this can be moved into place. It is
 * removed at the end, and when the process is told to stop.
 */
final class Workplace implements AutoCloseable {
  private final Path folder;
  private final Thread atExit = new Thread(this::removeQuietly);

  Workplace(Path beside) throws IOException {
    folder = Files.createTempDirectory(beside, ".vgg4j-bundle");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  Path folder() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      return; // the process ends, and the hook runs
    }
    remove(folder);
  }

  private void removeQuietly() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
    try {
      remove(folder);
    } catch (IOException | UncheckedIOException e) {
      // Nobody is left to be told; the folder's name says what it is.
    }
  }

  private static void remove(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
