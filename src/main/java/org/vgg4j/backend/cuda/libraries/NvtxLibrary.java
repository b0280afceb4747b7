package org.vgg4j.backend.cuda.libraries;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** NVTX's functions as a library, which CUDA 12 and 13 have and nothing here needs. */
public final class NvtxLibrary {
  /** The file's name on Linux. */
  public static final String FILE = "libnvtx3interop.so.1";

  private NvtxLibrary() {}

  /**
   * Returns the library's file, null where there is none.
   *
   * @param asked folders to look into before all others
   */
  public static Path find(List<Path> asked) {
    return LibraryPlaces.of(asked, System::getenv).stream()
        .map(folder -> folder.resolve(FILE))
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }
}
