package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.NEVER;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The settings of a training that ranks share. */
final class RankSettings {
  static final List<Setting<RunSetup, ?>> CHOICES = new ArrayList<>();
  static final List<Setting<RunSetup, ?>> FACTS = new ArrayList<>();

  /** Null for no. */
  static final Setting<RunSetup, Boolean> SYNC_BATCH_NORM =
      Setting.of(
              "syncBatchNorm",
              Setting.Form.TRUTH,
              (RunSetup setup) -> setup.sharing().syncBatchNorm() ? Boolean.TRUE : null)
          .flag(
              "--sync-batch-norm",
              "Where several workers share a training: take the statistics of batch norms over the"
                  + " images of all, not of each",
              "no")
          .in(CHOICES, NEVER);

  /** How many ranks there are, null for one. */
  static final Setting<RunSetup, Integer> RANKS =
      Setting.of("ranks", Setting.Form.COUNT, RunSetup::ranksOrNull).in(FACTS, ALWAYS);

  private RankSettings() {}

  /** Writes what there is to say. */
  static void write(RunSetup setup, Map<String, Object> config) {
    for (List<Setting<RunSetup, ?>> settings : List.of(CHOICES, FACTS)) {
      for (Setting<RunSetup, ?> setting : settings) {
        setting.write(setup, config);
        config.remove(setting.key(), null);
      }
    }
  }
}
