package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The four files of an IDX set, of which others may lie in the same folder.
 *
 * @param prefix what their names begin with, such as emnist-balanced; empty for MNIST's own names
 * @param mapping the names of the classes, null where there is no such file
 */
record IdxFiles(
    String prefix,
    Path trainImages,
    Path trainLabels,
    Path testImages,
    Path testLabels,
    Path mapping) {
  /** Such as emnist-balanced-train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte. */
  private static final Pattern NAME =
      Pattern.compile("(?:(.+)-)?(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\\.gz)?");

  /**
   * Finds the files of the only set of a folder.
   *
   * @return null when there is none
   * @throws InvalidInputException when there are several, or one lacks a file
   */
  static IdxFiles in(Path folder) {
    Map<String, Map<String, Path>> sets = sets(folder);
    if (sets.isEmpty()) {
      return null;
    }
    if (sets.size() > 1) {
      List<String> names =
          sets.keySet().stream().map(name -> name.isEmpty() ? "one without a name" : name).toList();
      throw InvalidInputException.of(
          "data",
          "%s holds several data sets: %s; name one, such as %s"
              .formatted(folder, Names.some(names), folder.resolve(names.get(names.size() - 1))));
    }
    return of(folder, sets.keySet().iterator().next(), sets);
  }

  /** Finds the files of one of a folder's sets, null when it has none of that name. */
  static IdxFiles named(Path folder, String prefix) {
    if (!Files.isDirectory(folder)) {
      return null;
    }
    Map<String, Map<String, Path>> sets = sets(folder);
    return sets.containsKey(prefix) ? of(folder, prefix, sets) : null;
  }

  private static Map<String, Map<String, Path>> sets(Path folder) {
    Map<String, Map<String, Path>> sets = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        Matcher part = NAME.matcher(name);
        if (part.matches() && Files.isRegularFile(file)) {
          String key = (part.group(2).equals("train") ? "train " : "test ") + part.group(3);
          // A zipped file and its content beside it are the same.
          sets.computeIfAbsent(prefix(part), any -> new TreeMap<>())
              .merge(key, file, (a, b) -> a.toString().endsWith(".gz") ? a : b);
        }
      }
      return sets;
    } catch (IOException e) {
      throw new InvalidInputException(folder + " cannot be read: " + Download.reason(e), e);
    }
  }

  private static String prefix(Matcher name) {
    return name.group(1) == null ? "" : name.group(1);
  }

  private static IdxFiles of(Path folder, String prefix, Map<String, Map<String, Path>> sets) {
    Map<String, Path> files = sets.get(prefix);
    Set<String> lacking =
        new TreeSet<>(Set.of("train images", "train labels", "test images", "test labels"));
    lacking.removeAll(files.keySet());
    if (!lacking.isEmpty()) {
      String usual = prefix.isEmpty() ? "" : prefix + "-";
      throw InvalidInputException.of(
          "data",
          ("%s lacks the file of %s; the four files of an IDX set are %strain-images-idx3-ubyte.gz,"
                  + " %<strain-labels-idx1-ubyte.gz, %<st10k-images-idx3-ubyte.gz,"
                  + " %<st10k-labels-idx1-ubyte.gz, or the same without .gz")
              .formatted(folder, String.join(", ", lacking), usual));
    }
    return new IdxFiles(
        prefix,
        files.get("train images"),
        files.get("train labels"),
        files.get("test images"),
        files.get("test labels"),
        mapping(folder, prefix));
  }

  private static Path mapping(Path folder, String prefix) {
    return Stream.of(prefix + "-mapping.txt", "mapping.txt")
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }
}
