package org.vgg4j.cli;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.tensor.UserFolders;

/** Where JavaCPP unpacks native libraries: its own choice knows neither HOME nor XDG_CACHE_HOME. */
final class NativeFolder {
  private static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

  private NativeFolder() {}

  /** Names the folder, unless the user did; before the first class of JavaCPP is used. */
  static void configure() {
    if (System.getProperty(PROPERTY) == null) {
      System.setProperty(PROPERTY, of(System.getenv(), UserFolders.home()).toString());
    }
  }

  static Path of(Map<String, String> environment, Path home) {
    String cache = environment.get("XDG_CACHE_HOME");
    return cache != null && Path.of(cache).isAbsolute()
        ? Path.of(cache, "vgg4j", "javacpp")
        : home.resolve(".javacpp/cache"); // as JavaCPP
  }
}
