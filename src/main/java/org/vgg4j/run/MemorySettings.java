package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The setting of a run's memory, and the facts of the way that was taken. */
public final class MemorySettings {
  /** What a limit is when what is free is the limit. */
  static final String AUTO = "auto";

  static final List<Setting<RunSetup, ?>> CHOICES = new ArrayList<>();
  static final List<Setting<RunSetup, ?>> FACTS = new ArrayList<>();

  /** The most memory that the training may take; null when nothing was said, which is auto. */
  static final Setting<RunSetup, String> MEMORY =
      Setting.of("memory", Setting.Form.LIMIT, (RunSetup setup) -> setup.memory().asked())
          .flag(
              "--memory SIZE",
              "Memory that the training may take on its device, such as 4G. Where that is too"
                  + " little, norms or whole stages are computed again, and as a last resort"
                  + " batches are split",
              "auto: what is free")
          .in(CHOICES, ALWAYS);

  /** Passes per batch, null for one. */
  static final Setting<RunSetup, Integer> SPLIT =
      Setting.of("split", Setting.Form.COUNT, (RunSetup setup) -> setup.memory().splitOrNull())
          .in(FACTS, ALWAYS);

  /** What is computed again, in words; null for nothing. */
  static final Setting<RunSetup, String> AGAIN =
      Setting.of("again", Setting.Form.TEXT, (RunSetup setup) -> setup.memory().againOrNull())
          .in(FACTS, ALWAYS);

  private MemorySettings() {}

  /** Writes what there is to say. */
  static void write(RunSetup setup, Map<String, Object> config) {
    for (List<Setting<RunSetup, ?>> settings : List.of(CHOICES, FACTS)) {
      for (Setting<RunSetup, ?> setting : settings) {
        setting.write(setup, config);
        config.remove(setting.key(), null);
      }
    }
  }

  /** Returns the limit that was given, as {@link RunMemory} takes it; null for none. */
  public static String limit(Map<String, String> given) {
    return MEMORY.find(given);
  }
}
