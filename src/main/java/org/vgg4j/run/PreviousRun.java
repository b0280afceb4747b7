package org.vgg4j.run;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.vgg4j.collective.Agreement;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.Snapshot;
import org.vgg4j.train.TrainingState;

/**
 * A run to go on with, or {@link #NONE} when a new one begins.
 *
 * @param folder null on ranks other than 0, as is the store
 * @param newest its newest valid checkpoint, null before the first
 * @param config what config.json says
 */
record PreviousRun(
    RunDirectory folder,
    CheckpointStore store,
    CheckpointStore.Loaded newest,
    Map<String, Object> config) {
  static final PreviousRun NONE = new PreviousRun(null, null, null, Map.of());

  /**
   * Opens the run's folder and looks for its newest valid checkpoint. Of several ranks rank 0 does,
   * and tells the others what they must know; they have no folder and no tensors.
   */
  static PreviousRun open(Path path, RunPlan plan) throws IOException {
    if (plan.collective().world() == 1) {
      return openHere(path, plan);
    }
    PreviousRun[] here = new PreviousRun[1];
    try {
      byte[] told =
          Agreement.fromRankZero(
              plan.collective(),
              () -> {
                here[0] = openHere(path, plan);
                return here[0].told();
              });
      return here[0] == null ? heard(told) : here[0];
    } catch (IOException | RuntimeException | Error e) {
      if (here[0] != null) {
        here[0].folder.close();
      }
      throw e;
    }
  }

  private byte[] told() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] json = RunDirectory.json(config).getBytes(StandardCharsets.UTF_8);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(json.length);
      out.write(json);
      if (newest != null) {
        out.write(newest.checkpoint().manifest().encode());
      }
    }
    return bytes.toByteArray();
  }

  private static PreviousRun heard(byte[] told) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(told))) {
      Map<String, Object> config = RunDirectory.parse(in.readNBytes(in.readInt()));
      byte[] manifest = in.readAllBytes();
      if (manifest.length == 0) {
        return new PreviousRun(null, null, null, config);
      }
      Checkpoint newest = new Checkpoint(Path.of(""), CheckpointManifest.decode(manifest));
      Snapshot bare = new Snapshot(newest.state(), List.of(), List.of());
      return new PreviousRun(null, null, new CheckpointStore.Loaded(newest, bare), config);
    }
  }

  private static PreviousRun openHere(Path path, RunPlan plan) throws IOException {
    RunDirectory folder = RunDirectory.open(path, plan.report());
    try {
      Map<String, Object> config = folder.readConfig();
      KnownSettings.requireKnown(folder.config(), config);
      CheckpointStore store =
          new CheckpointStore(folder.checkpoints(), plan.checkpoints().keep(), folder.files());
      CheckpointStore.Loaded newest = store.newestValid(plan.report());
      if (newest == null) {
        Leftovers.requireNone(folder);
      }
      return new PreviousRun(folder, store, newest, config);
    } catch (IOException | RuntimeException | Error e) {
      folder.close();
      throw e;
    }
  }

  boolean isNone() {
    return folder == null && config.isEmpty(); // other ranks than 0 have no folder
  }

  /** Returns where the run stands, null at the beginning. */
  TrainingState state() {
    return newest == null ? null : newest.snapshot().state();
  }

  /** Returns the configuration that the run was trained with so far. */
  private Map<String, Object> before() {
    return newest == null ? config : newest.checkpoint().config();
  }

  /** Returns the recipe of config.json. */
  Recipe recipe() {
    try {
      return Recipe.fromMap(config);
    } catch (InvalidInputException e) {
      String where = folder == null ? "the run's configuration" : folder.config().toString();
      throw new InvalidInputException(where + ": " + e.getMessage(), e);
    }
  }

  /** Returns what the engine had chosen for what is gone on with: name to choice. */
  Map<String, String> choices() {
    Map<String, String> choices = new TreeMap<>();
    if (before().get(Settings.CHOICES.key()) instanceof Map<?, ?> chosen) {
      chosen.forEach((name, choice) -> choices.put(name.toString(), choice.toString()));
    }
    return choices;
  }

  /**
   * Refuses what differs from the run without having been asked for, and tells the rest: also when
   * another engine, version or Java computes now.
   *
   * @param now the configuration of the run from here on
   * @param wanted the choices that the engine was given
   * @throws InvalidInputException listing the differences
   */
  void requireSame(Map<String, ?> now, Map<String, String> wanted, RunPlan plan) {
    Consumer<String> report = plan.report();
    SettingsDifference.require(before(), now, plan.settings().keySet(), state(), plan.naming())
        .forEach(text -> report.accept("changed: " + text));
    for (Setting<?, ?> fact : List.of(Settings.VERSION, Settings.ENGINE, Settings.JAVA)) {
      String key = fact.key();
      if (!Objects.equals(before().get(key), now.get(key))) {
        report.accept(
            "WARNING: %s is '%s' and was '%s': the run may end with other bits"
                .formatted(key, now.get(key), before().get(key)));
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
            ("WARNING: the engine could not choose as before for %d of %d operations, such as"
                    + " %s: the run may end with other bits")
                .formatted(others.size(), all.size(), others.get(0)));
      }
    }
  }
}
