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
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What all trainings and tests of a study's folder have in common. Nets and seeds are not among it:
 * a study may be extended by them.
 */
final class StudyFile {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private StudyFile() {}

  /** Begins the folder where it has none. */
  static void begin(StudyOptions options) throws IOException {
    if (!Files.exists(file(options))) {
      Files.createDirectories(options.folder());
      AtomicFile.write(file(options), JSON.writeValueAsBytes(common(options)));
    }
  }

  private static Path file(StudyOptions options) {
    return options.folder().resolve("study.json");
  }

  /**
   * Checks that the folder is of no other study.
   *
   * @throws InvalidInputException when it is, naming what differs
   * @throws IOException when it cannot be read
   */
  static void requireNoOther(StudyOptions options) throws IOException {
    Path file = file(options);
    if (!Files.exists(file)) {
      return;
    }
    Map<String, String> now = common(options);
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
              .formatted(
                  options.folder(), String.join(", ", different).replace("null", "not given")));
    }
  }

  /** What computes may change, as in a run that goes on; with which precision may not. */
  private static Map<String, String> common(StudyOptions options) {
    Map<String, String> common = new TreeMap<>(options.settings());
    for (Setting<?, ?> setting : Settings.ofEngine()) {
      if (!setting.key().equals("precision")) {
        common.remove(setting.key());
      }
    }
    common.keySet().removeAll(List.of("dataOn", "memory"));
    common.put("trainScales", options.scales().toString());
    return common;
  }
}
