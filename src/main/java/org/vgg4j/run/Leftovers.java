package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.TrainingState;

/**
 * Metrics and a model that are further than the checkpoint to go on from: the disk took them and no
 * later checkpoint. They are never written over.
 */
final class Leftovers {
  private Leftovers() {}

  /**
   * Refuses to start at the beginning where a run has got somewhere.
   *
   * @throws InvalidInputException naming what is there
   */
  static void requireNone(RunDirectory run) throws IOException {
    List<String> found = new ArrayList<>();
    int epochs = run.epochsInMetrics();
    if (epochs > 0) {
      found.add("the metrics of " + epochs + (epochs == 1 ? " epoch" : " epochs"));
    }
    if (run.holds(run.model())) {
      found.add("a model");
    }
    if (!found.isEmpty()) {
      throw InvalidInputException.of(
          "resume",
          "%s has %s and no checkpoint: it would start at the beginning and write over them; move"
                  .formatted(run.folder(), String.join(" and ", found))
              + " metrics.jsonl and model.safetensors elsewhere first, or start a new run");
    }
  }

  /**
   * Gives metrics and model second names where they know more than the state to go on from.
   *
   * @throws IOException when that fails; nothing was changed that was there
   */
  static void keep(
      RunDirectory run, CheckpointStore store, TrainingState state, Consumer<String> report)
      throws IOException {
    int explained = state.finished().size();
    boolean isAhead = run.epochsInMetrics() > explained;
    if (isAhead) {
      keep(run, run.metrics(), report);
    }
    boolean isModelInDoubt = run.holds(run.model()) && (isAhead || explained == 0);
    if (isModelInDoubt && !store.hasModel(AtomicFile.sha256(run.model(), run.files()))) {
      keep(run, run.model(), report);
    }
  }

  private static void keep(RunDirectory run, Path file, Consumer<String> report)
      throws IOException {
    String name = file.getFileName().toString();
    int dot = name.indexOf('.');
    Path kept = file;
    for (int number = 1; run.holds(kept); number++) {
      kept = file.resolveSibling(name.substring(0, dot) + ".kept-" + number + name.substring(dot));
    }
    AtomicFile.link(file, kept, run.files());
    report.accept(
        "%s is further than the checkpoint and was kept as %s".formatted(file, kept.getFileName()));
  }
}
