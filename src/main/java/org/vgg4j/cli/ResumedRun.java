package org.vgg4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.vgg4j.run.Checkpoint;
import org.vgg4j.run.CheckpointStore;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunDirectory;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.run.SettingsDifference;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.Snapshot;

/** A run to go on with. */
final class ResumedRun {
  private final RunDirectory run;
  private final CheckpointStore store;
  private final Checkpoint checkpoint; // null before the first
  private Snapshot snapshot; // what it holds, until it is taken
  private final Map<String, Object> config; // of config.json
  private final Map<String, Object> before; // what the run was trained with
  private final Consumer<String> report;

  /**
   * Opens the run's folder and looks for its newest valid checkpoint.
   *
   * @param report takes a line on each broken checkpoint and on what differs
   */
  ResumedRun(Path folder, int keep, Consumer<String> report) throws IOException {
    this.report = report;
    run = RunDirectory.open(folder);
    config = run.readConfig();
    Settings.requireKnown(run.config(), config);
    store = new CheckpointStore(run.checkpoints(), keep);
    CheckpointStore.Loaded newest = store.newestValid(report);
    checkpoint = newest == null ? null : newest.checkpoint();
    snapshot = newest == null ? null : newest.snapshot();
    before = checkpoint == null ? config : checkpoint.config();
  }

  RunDirectory run() {
    return run;
  }

  CheckpointStore store() {
    return store;
  }

  /** Returns the checkpoint to go on from, null to start at the beginning. */
  Checkpoint checkpoint() {
    return checkpoint;
  }

  /** Returns what the checkpoint holds, once: it is as large as all that is trained. */
  Snapshot takeSnapshot() {
    Snapshot taken = snapshot;
    snapshot = null;
    return taken;
  }

  /** Returns the recipe of config.json. */
  Recipe recipe() {
    try {
      return Recipe.fromMap(config);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(run.config() + ": " + e.getMessage(), e);
    }
  }

  /** Returns what config.json says. */
  Map<String, Object> config() {
    return config;
  }

  /** Returns what the engine had chosen for what is gone on with: name to choice. */
  Map<String, String> choices() {
    Map<String, String> choices = new TreeMap<>();
    if (before.get(Settings.CHOICES.key()) instanceof Map<?, ?> chosen) {
      chosen.forEach((name, choice) -> choices.put(name.toString(), choice.toString()));
    }
    return choices;
  }

  /** Returns whether the checkpoint is that after the last epoch. */
  boolean isFinished(Recipe recipe) {
    return checkpoint != null && checkpoint.state().epoch() > recipe.training().epochs();
  }

  /**
   * Refuses what differs from the run without having been asked for, and tells the rest.
   *
   * @throws InvalidInputException listing the differences
   */
  void requireSame(Map<String, ?> now, Predicate<Setting<?, ?>> given) {
    boolean within = checkpoint != null && checkpoint.state().batch() > 0;
    SettingsDifference.require(before, now, given, checkpoint != null, within, Setting::flagName)
        .forEach(text -> report.accept("changed: " + text));
  }

  /**
   * Warns when another engine, version or Java computes now.
   *
   * @param wanted the choices that the engine was given
   */
  void warnOfOtherBits(Map<String, ?> now, Map<String, String> wanted) {
    for (Setting<?, ?> fact : List.of(Settings.VERSION, Settings.ENGINE, Settings.JAVA)) {
      String key = fact.key();
      if (!Objects.equals(before.get(key), now.get(key))) {
        report.accept(
            "WARNING: %s is '%s' and was '%s': the run may end with other bits"
                .formatted(key, now.get(key), before.get(key)));
      }
    }
    if (now.get(Settings.CHOICES.key()) instanceof Map<?, ?> all) {
      List<String> others =
          all.keySet().stream()
              .map(Object::toString)
              .filter(name -> wanted.containsKey(name) && !wanted.get(name).equals(all.get(name)))
              .sorted()
              .toList();
      if (!others.isEmpty()) {
        report.accept(
            "WARNING: the engine could not choose as before for %d of %d operations, such as %s: the"
                    .formatted(others.size(), all.size(), others.get(0))
                + " run may end with other bits");
      }
    }
  }
}
