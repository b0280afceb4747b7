package org.vgg4j.backend.cuda.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.vgg4j.tensor.UserFolders;

/**
 * The folder of reproducible data: kernels and plans compiled, and what was timed on this machine.
 */
public final class CacheFolder {
  private CacheFolder() {}

  /** Returns the folder of this user: $XDG_CACHE_HOME/vgg4j or ~/.cache/vgg4j. */
  public static Path ofThisUser() {
    return UserFolders.cache().resolve("vgg4j");
  }

  /** Writes a file atomically: a reader never sees half of it. */
  public static void write(Path file, byte[] content) throws IOException {
    Files.createDirectories(file.getParent());
    Path part = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
    try {
      Files.write(part, content);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
