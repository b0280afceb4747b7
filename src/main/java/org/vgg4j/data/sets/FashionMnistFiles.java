package org.vgg4j.data.sets;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.tensor.InvalidInputException;

/** Finds or downloads the four files of Fashion-MNIST. */
final class FashionMnistFiles {
  /** The end of the image files' names. */
  static final String IMAGES = "-images-idx3-ubyte.gz";

  /** The end of the label files' names. */
  static final String LABELS = "-labels-idx1-ubyte.gz";

  /**
   * SHA-256 of the inflated content by name, as {@code zcat FILE | sha256sum} prints it for
   * Debian's package. Gzip headers differ between packers, so the files themselves have several
   * hashes.
   */
  static final Map<String, String> SHA_256 = hashes();

  private static final Logger LOG = LoggerFactory.getLogger(FashionMnistFiles.class);

  private FashionMnistFiles() {}

  /**
   * The outcome of a search.
   *
   * @param folder where all four files are, or null
   * @param why one line that says why they were not found, or null
   */
  record Found(Path folder, String why) {}

  private static Map<String, String> hashes() {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put(
        "t10k-images-idx3-ubyte.gz",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b");
    hashes.put(
        "t10k-labels-idx1-ubyte.gz",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34");
    hashes.put(
        "train-images-idx3-ubyte.gz",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888");
    hashes.put(
        "train-labels-idx1-ubyte.gz",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9");
    return Map.copyOf(hashes);
  }

  /** Returns the names of the files, sorted. */
  static List<String> names() {
    return SHA_256.keySet().stream().sorted().toList();
  }

  private static List<String> missing(Path folder) {
    return names().stream().filter(name -> !Files.isRegularFile(find(folder, name))).toList();
  }

  /** Returns the file of a name, the unzipped one where there is only that. */
  static Path find(Path folder, String name) {
    Path zipped = folder.resolve(name);
    Path plain = folder.resolve(name.replaceFirst("\\.gz$", ""));
    return !Files.exists(zipped) && Files.exists(plain) ? plain : zipped;
  }

  /** Returns whether a folder holds all four files. */
  static boolean areIn(Path folder) {
    return missing(folder).isEmpty();
  }

  /** Returns whether a file holds the labels of the test set, zipped or not. */
  static boolean hasItsLabels(Path file) {
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file));
        InputStream in = IdxFile.inflated(raw)) {
      return Download.hash(in, "SHA-256").equals(SHA_256.get("t10k" + LABELS));
    } catch (IOException e) {
      return false; // who reads it says what is wrong
    }
  }

  /**
   * Returns the folder when it holds all four files.
   *
   * @param field the option or variable that named it
   * @throws InvalidInputException when it does not
   */
  static Path require(Path folder, String field) {
    if (!Files.isDirectory(folder)) {
      throw InvalidInputException.of(field, folder + " is not a folder; " + advice());
    }
    List<String> missing = missing(folder);
    if (!missing.isEmpty()) {
      throw InvalidInputException.of(
          field, folder + " lacks " + String.join(", ", missing) + "; " + advice());
    }
    return folder;
  }

  private static String advice() {
    return "the four files are "
        + String.join(", ", names())
        + ", or the same without .gz; Debian has them in the package dataset-fashion-mnist";
  }

  /** Looks in the usual places and then downloads. */
  static Found findOrDownload(DataPlaces places, DownloadListener listener) {
    List<Path> looked = new ArrayList<>();
    Path below = places.named() == null ? null : places.named().resolve(FashionMnist.WHOLE);
    if (below != null && areIn(below)) {
      return new Found(below, null); // beside other sets
    }
    Path cache = places.cached(FashionMnist.WHOLE);
    for (Path folder : new Path[] {places.named(), cache, places.system()}) {
      if (folder != null) {
        if (areIn(folder)) {
          return new Found(folder, null);
        }
        if (folder.equals(places.named())) {
          require(folder, "VGG4J_DATA"); // named by the user: do not skip a mistake
        }
        looked.add(folder);
      }
    }
    try {
      LOG.info("downloading fashion-mnist (30 MB) to {}", cache);
      Files.createDirectories(cache);
      for (String name : missing(cache)) {
        Download.fetch(
            places.fashionMnist().resolve(name),
            cache.resolve(name),
            Download.inflated(SHA_256.get(name)),
            listener);
      }
      return new Found(cache, null);
    } catch (IOException e) {
      return new Found(
          null,
          "fashion-mnist is not in "
              + String.join(", ", looked.stream().map(Path::toString).toList())
              + " and cannot be downloaded ("
              + Download.reason(e)
              + "); "
              + advice());
    }
  }
}
