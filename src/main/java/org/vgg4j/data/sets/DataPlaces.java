package org.vgg4j.data.sets;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.tensor.UserFolders;

/**
 * Where data sets are searched for.
 *
 * @param named the folder of the environment variable VGG4J_DATA, or null
 * @param cache the user's cache, where downloads and lists of names go, in folders of their own
 * @param system where Debian's package dataset-fashion-mnist puts the files
 * @param sample the sample of the checkout
 * @param fashionMnist the base address of Fashion-MNIST's files
 * @param cifar the base address of CIFAR's archives
 */
public record DataPlaces(
    Path named, Path cache, Path system, Path sample, URI fashionMnist, URI cifar) {
  /** The base address published by the authors of Fashion-MNIST. */
  private static final URI FASHION_MNIST =
      URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");

  /** The base address published by the author of CIFAR. */
  private static final URI CIFAR = URI.create("https://www.cs.toronto.edu/~kriz/");

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
        UserFolders.cache(environment, system, home).resolve("vgg4j"),
        Path.of("/usr/share/datasets/fashion-mnist"),
        checkout.resolve("data/sample"),
        FASHION_MNIST,
        CIFAR);
  }

  /** Returns where a downloaded data set is. */
  Path cached(String set) {
    return cache.resolve(set);
  }

  /** Returns where lists of names are kept while they are used. */
  Path lists() {
    return cache.resolve("lists");
  }
}
