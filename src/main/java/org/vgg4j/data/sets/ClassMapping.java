package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * EMNIST's mapping.txt: a line for each class with its label and the codes of its characters, such
 * as 10 65, or 1 65 97 where capital and small letters are one class (named A/a).
 */
final class ClassMapping {
  private static final int MOST = 255;

  private ClassMapping() {}

  /**
   * Reads a mapping.
   *
   * @return the names by label
   * @throws InvalidInputException when it is none
   */
  static SortedMap<Integer, String> read(Path file) {
    SortedMap<Integer, String> names = new TreeMap<>();
    try {
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        if (!line.isBlank()) {
          add(line.strip().split("\\s+"), names, file + ", line " + number);
        }
      }
    } catch (IOException e) {
      throw new InvalidInputException(file + " cannot be read: " + Download.reason(e), e);
    }
    if (names.isEmpty()) {
      throw new InvalidInputException(file + " names no class");
    }
    return names;
  }

  private static void add(String[] parts, SortedMap<Integer, String> names, String place) {
    try {
      int label = Integer.parseInt(parts[0]);
      String name =
          Stream.of(parts)
              .skip(1)
              .map(Integer::valueOf)
              .map(Character::toString)
              .collect(Collectors.joining("/"));
      if (label >= 0 && label <= MOST && !name.isEmpty() && names.put(label, name) == null) {
        return;
      }
    } catch (IllegalArgumentException e) { // no number, or no character's
      // as below
    }
    throw new InvalidInputException(
        place + " is not a label of its own (0 to 255) and the codes of its characters");
  }
}
