package org.vgg4j.data.sets;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.tensor.UserFolders;

/**
 * Where data sets are searched for.
 *
 * @param named the folder of the environment variable VGG4J_DATA, or null
 * @param cache the user's cache, where downloads go
 * @param system where Debian's package dataset-fashion-mnist puts the files
 * @param sample the sample of the checkout
 * @param address the base address of the files to download
 */
public record DataPlaces(Path named, Path cache, Path system, Path sample, URI address) {
  /** The base address published by the data set's authors. */
  private static final URI PUBLISHED =
      URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");

  /** Returns the places for this user on this machine. */
  public static DataPlaces ofThisMachine() {
    return of(
        System.getenv(),
        System.getProperty("os.name"),
        UserFolders.home(),
        Path.of(System.getProperty("vgg4j.home", "")));
  }

  static DataPlaces of(Map<String, String> environment, String system, Path home, Path checkout) {
    String named = environment.get("VGG4J_DATA");
    return new DataPlaces(
        named == null || named.isEmpty() ? null : Path.of(named),
        UserFolders.cache(environment, system, home).resolve("vgg4j/fashion-mnist"),
        Path.of("/usr/share/datasets/fashion-mnist"),
        checkout.resolve("data/sample"),
        PUBLISHED);
  }
}
