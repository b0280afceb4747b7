package org.vgg4j.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.TrainingState;

/**
 * What a resumed run would do otherwise than before. Each difference must have been asked for, and
 * some things cannot change within a run.
 */
final class SettingsDifference {
  private SettingsDifference() {}

  /**
   * Refuses differences that were not asked for or cannot be.
   *
   * @param before the configuration of what is gone on from
   * @param now that of the run from here on
   * @param given the keys of the settings that were given
   * @param from where the run stands, null without a checkpoint
   * @param naming what a setting is called in the texts: its key, or its flag
   * @return the differences that were asked for, a text each
   * @throws InvalidInputException listing those refused, or naming a key that is not known
   */
  static List<String> require(
      Map<String, ?> before,
      Map<String, ?> now,
      Set<String> given,
      TrainingState from,
      Function<Setting<?, ?>, String> naming) {
    KnownSettings.requireKnown("the run's configuration", before);
    Map<String, ?> old = Settings.flat(before);
    Map<String, ?> other = Settings.flat(now);
    boolean isWithinAnEpoch = from != null && from.batch() > 0;
    List<String> asked = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (Setting<?, ?> setting : Settings.choices()) {
      if (Objects.equals(setting.meaning(other), setting.meaning(old))) {
        continue;
      }
      String text =
          "%s %s (the run: %s)"
              .formatted(
                  naming.apply(setting),
                  Objects.toString(setting.meaning(other), "none"),
                  Objects.toString(setting.meaning(old), "none"));
      if (from != null && setting.change() == Setting.Change.NEVER) {
        refused.add(text + ", which cannot change in a run");
      } else if (Stream.concat(Stream.of(setting), setting.changedBy().stream())
          .noneMatch(asking -> given.contains(asking.key()))) {
        refused.add(text);
      } else if (isWithinAnEpoch && setting.change() == Setting.Change.BETWEEN_EPOCHS) {
        refused.add(text + ", which cannot change within an epoch");
      } else {
        asked.add(text);
      }
    }
    if (!refused.isEmpty()) {
      throw new InvalidInputException(
          "the settings differ from the run's: "
              + String.join("; ", refused)
              + "; leave them as they were, or ask for each that can change");
    }
    return asked;
  }
}
