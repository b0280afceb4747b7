package org.vgg4j.paper;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What all trainings and tests of a study's folder have in common. Nets and seeds are not among it:
 * a study may be extended by them.
 */
final class StudyFile {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final String SCALES = "trainScales";

  private StudyFile() {}

  /**
   * Begins the folder, or checks that it is of the same study.
   *
   * @throws InvalidInputException when it is of another, naming what differs
   * @throws IOException when it cannot be read or written
   */
  static void require(StudyOptions options) throws IOException {
    Path file = options.folder().resolve("study.json");
    Map<String, String> now = new TreeMap<>(options.settings());
    now.put(SCALES, options.scales().toString());
    if (!Files.exists(file)) {
      Files.createDirectories(options.folder());
      byte[] bytes = JSON.writeValueAsBytes(now);
      AtomicFile.write(file, bytes);
      return;
    }
    Map<String, String> before = JSON.readValue(file.toFile(), new TypeReference<>() {});
    List<String> different = new ArrayList<>();
    TreeSet<String> keys = new TreeSet<>(before.keySet());
    keys.addAll(now.keySet());
    for (String key : keys) {
      if (!Objects.equals(before.get(key), now.get(key))) {
        different.add("%s was %s and is %s".formatted(key, before.get(key), now.get(key)));
      }
    }
    if (!different.isEmpty()) {
      throw InvalidInputException.of(
          "out",
          "%s is of another comparison: %s; name another folder, or take the same flags"
              .formatted(options.folder(), String.join(", ", different).replace("null", "not given")));
    }
  }
}
