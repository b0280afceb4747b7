package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.NEVER;
import static org.vgg4j.run.Setting.Form.TEXT;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.InvalidInputException;

/** The settings of where a new run's weights come from. */
final class StartSettings {
  static final List<Setting<RunSetup, ?>> CHOICES = new ArrayList<>();
  static final List<Setting<RunSetup, ?>> FACTS = new ArrayList<>();

  static final Setting<RunSetup, String> START_FROM =
      Setting.of("startFrom", TEXT, (RunSetup s) -> s.start().from(StartSettings.START_FROM))
          .flag(
              "--start-from FILE",
              "Train on from these weights: a run's folder or a model file, torchvision's and"
                  + " timm's too. Net and preprocessing are the file's where no flag says"
                  + " otherwise; with another number of classes the last layer is drawn anew",
              "none")
          .in(CHOICES, NEVER);

  static final Setting<RunSetup, String> INIT_FROM =
      Setting.of("initFrom", TEXT, (RunSetup s) -> s.start().from(StartSettings.INIT_FROM))
          .flag(
              "--init-from FILE",
              "Copy the first four convolutions and the linear layers of a shallower net, a run's"
                  + " folder or a model file, as the paper did; the rest is drawn",
              "none")
          .in(CHOICES, NEVER);

  /** The SHA-256 of the file that either names. */
  static final Setting<RunSetup, String> SHA256 =
      Setting.of("weightsSha256", TEXT, (RunSetup s) -> s.start().sha256()).in(FACTS, ALWAYS);

  private StartSettings() {}

  /** Writes what there is to say. */
  static void write(RunSetup setup, Map<String, Object> config) {
    for (List<Setting<RunSetup, ?>> settings : List.of(CHOICES, FACTS)) {
      for (Setting<RunSetup, ?> setting : settings) {
        setting.write(setup, config);
        config.remove(setting.key(), null);
      }
    }
  }

  /**
   * Refuses settings that a run takes only when it is new.
   *
   * @throws InvalidInputException naming the setting
   */
  static void requireNone(Map<String, String> given) {
    for (Setting<RunSetup, ?> setting : CHOICES) {
      if (given.containsKey(setting.key())) {
        throw InvalidInputException.of(
            setting.key(), "is for a new run; one that goes on has its weights: leave it out");
      }
    }
  }
}
