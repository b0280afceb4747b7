package org.vgg4j.tensor;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The folders of the user. The environment names them: Java's {@code user.home} comes from the
 * system's list of users, in which a container's user may not stand.
 */
public final class UserFolders {
  private UserFolders() {}

  /** Returns the home of this process: $HOME, which Windows does not have. */
  public static Path home() {
    return home(
        System.getenv(), System.getProperty("os.name", ""), System.getProperty("user.home", ""));
  }

  /** Returns the home that an environment names, else Java's, else one of temporary files. */
  static Path home(Map<String, String> environment, String system, String javaHome) {
    String home = environment.getOrDefault("HOME", "");
    if (!isWindows(system) && Path.of(home).isAbsolute()) {
      return Path.of(home);
    }
    Path known = Path.of(javaHome);
    return known.isAbsolute() ? known : Path.of(System.getProperty("java.io.tmpdir"), "vgg4j-home");
  }

  /** Returns the folder of this user's reproducible files: $XDG_CACHE_HOME or ~/.cache. */
  public static Path cache() {
    return cache(System.getenv(), System.getProperty("os.name", ""), home());
  }

  /** Returns the folder of what vgg4j compiled or timed on this machine. */
  public static Path ownCache() {
    return cache().resolve("vgg4j");
  }

  /** Returns the cache of an environment; a relative one is to be ignored, says XDG. */
  public static Path cache(Map<String, String> environment, String system, Path home) {
    String given = environment.get("XDG_CACHE_HOME");
    if (given != null && Path.of(given).isAbsolute()) {
      return Path.of(given);
    }
    String local = environment.get("LOCALAPPDATA");
    if (isWindows(system) && local != null && !local.isEmpty()) {
      return Path.of(local);
    }
    boolean isMac = system.toLowerCase(Locale.ROOT).startsWith("mac");
    return home.resolve(isMac ? "Library/Caches" : ".cache");
  }

  private static boolean isWindows(String system) {
    return system.toLowerCase(Locale.ROOT).startsWith("windows");
  }
}
