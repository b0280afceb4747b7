package org.vgg4j.tensor;

import java.io.IOException;

/** What keeps native libraries, which come in jars and are unpacked into a folder, from loading. */
public final class NativeLibraries {
  /** What the system's loader says of a file that it may not run. */
  private static final String[] NOT_RUN = {
    "failed to map segment", "Operation not permitted", "Permission denied"
  };

  private NativeLibraries() {}

  /**
   * Returns what is wrong with the folder and what to do, null when something else is wrong.
   *
   * @param failure of the loading
   * @param folder where the libraries are unpacked
   */
  public static String folderProblem(Throwable failure, Object folder) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      String message = String.valueOf(e.getMessage());
      if (e instanceof IOException) {
        return "cannot be unpacked into %s (%s); make room there or name another folder%s"
            .formatted(folder, message, howToName());
      }
      for (String said : NOT_RUN) {
        if (e instanceof UnsatisfiedLinkError && message.contains(said)) {
          return "may not be run in %s (%s), as on a file system mounted noexec; name another folder%s"
              .formatted(folder, said, howToName());
        }
      }
    }
    return null;
  }

  private static String howToName() {
    return " with XDG_CACHE_HOME=DIR (./vgg) or -Dorg.bytedeco.javacpp.cachedir=DIR";
  }
}
