package org.vgg4j.run;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vgg4j.tensor.InvalidInputException;

/** Refusals of what is no setting. */
final class KnownSettings {
  private KnownSettings() {}

  /**
   * Refuses a configuration that says what this version does not know.
   *
   * @param what the configuration, for the message
   * @throws InvalidInputException naming the key
   */
  static void requireKnown(Object what, Map<String, ?> config) {
    Map<String, Object> unknown = Settings.flat(config);
    unknown.keySet().removeAll(Settings.keys());
    if (!unknown.isEmpty()) {
      throw new InvalidInputException(
          "%s has the key '%s', which this version of vgg4j does not know; version %s made the run"
              .formatted(
                  what, String.join("', '", unknown.keySet()), config.get(Settings.VERSION.key())));
    }
  }

  /**
   * Refuses keys that no flag gives.
   *
   * @throws InvalidInputException naming the key
   */
  static void requireFlags(Set<String> keys) {
    List<String> known =
        Settings.choices().stream()
            .filter(setting -> setting.flag() != null)
            .map(Setting::key)
            .toList();
    for (String key : keys) {
      if (!known.contains(key)) {
        throw new InvalidInputException(
            "'%s' is not a setting; the settings are %s".formatted(key, String.join(", ", known)));
      }
    }
  }
}
