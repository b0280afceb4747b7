package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.TrainingListener;

/** A run's folder belongs to one run, and what no checkpoint explains is never written over. */
final class RunFolderTest {
  private static final Map<String, String> SETTINGS = TinyRuns.settings("device", "reference");

  @TempDir private Path folder;
  private final List<String> reports = Collections.synchronizedList(new ArrayList<>());

  private RunPlan plan(Map<String, String> settings) {
    return TinyRuns.plan(settings, 9, reports::add);
  }

  private Path trained() throws IOException {
    Path path = folder.resolve("run");
    try (TrainingRun run = TrainingRun.create(plan(SETTINGS), path)) {
      run.fit(new TrainingListener() {});
    }
    return path;
  }

  private void resume(Path path, Map<String, String> overrides) throws IOException {
    try (TrainingRun run = TrainingRun.resume(path, plan(overrides))) {
      run.fit(new TrainingListener() {});
    }
  }

  /** Removes the checkpoints but the first so many. */
  private static void keepCheckpoints(Path run, int count) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      for (Path file : files.toList()) {
        if (CheckpointFiles.number(file) > count) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void aRunThatGoesOnKeepsOthersOut() throws IOException {
    Path path = folder.resolve("run");
    try (TrainingRun run = TrainingRun.create(plan(SETTINGS), path)) {
      InvalidInputException e =
          assertThrows(InvalidInputException.class, () -> resume(path, Map.of()));
      assertEquals(
          "resume " + path + " is in use by this process; wait for it or stop it first",
          e.getMessage());
      assertEquals(path, run.folder());
    }
    resume(path, Map.of());
    assertTrue(Files.exists(path.resolve("model.safetensors")));
  }

  /** As a second process that looked into the folder just before the first wrote into it. */
  @Test
  void twoThatBeginAtOnceDoNotShareAFolder() throws Exception {
    RunLock first = RunLock.take(folder, reports::add);
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> TrainingRun.create(plan(SETTINGS), folder));
    assertEquals(
        "out " + folder + " is in use by this process; name another folder", e.getMessage());
    assertFalse(Files.exists(folder.resolve("config.json")));
    first.close();
    TrainingRun.create(plan(SETTINGS), folder).close();
    assertTrue(Files.exists(folder.resolve("config.json")));
    assertEquals(List.of(), reports);
  }

  @Test
  void runsThatBeginInOneSecondHaveTheirOwnFolders() throws IOException {
    Path runs = folder.resolve("runs");
    List<Path> made = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      try (TrainingRun run = TrainingRun.createIn(plan(SETTINGS), runs)) {
        made.add(run.folder());
      }
    }
    assertEquals(4, made.stream().distinct().count(), made::toString);
    assertTrue(made.get(0).getFileName().toString().matches("\\d{8}-\\d{6}"), made::toString);
  }

  @Test
  void aTrainedModelWithoutCheckpointsIsNotStartedOver() throws IOException {
    Path path = trained();
    keepCheckpoints(path, 0);
    byte[] model = Files.readAllBytes(path.resolve("model.safetensors"));
    String metrics = Files.readString(path.resolve("metrics.jsonl"));
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> resume(path, Map.of("epochs", "1")));
    assertEquals(
        "resume "
            + path
            + " has the metrics of 3 epochs and a model and no checkpoint: it would start at the"
            + " beginning and write over them; move metrics.jsonl and model.safetensors elsewhere"
            + " first, or start a new run",
        e.getMessage());
    assertArrayEquals(model, Files.readAllBytes(path.resolve("model.safetensors")));
    assertEquals(metrics, Files.readString(path.resolve("metrics.jsonl")));
    Files.delete(path.resolve("metrics.jsonl"));
    e = assertThrows(InvalidInputException.class, () -> resume(path, Map.of()));
    assertTrue(e.getMessage().contains(" has a model and no checkpoint"), e.getMessage());
    Files.delete(path.resolve("model.safetensors"));
    resume(path, Map.of());
    assertArrayEquals(model, Files.readAllBytes(path.resolve("model.safetensors")));
  }

  /** The disk took two models and no checkpoint after that of the first epoch. */
  @Test
  void aModelFurtherThanTheCheckpointIsKept() throws IOException {
    Path path = trained();
    byte[] model = Files.readAllBytes(path.resolve("model.safetensors"));
    String metrics = Files.readString(path.resolve("metrics.jsonl"));
    keepCheckpoints(path, 1);
    reports.clear();
    resume(path, Map.of("learningRate", "0.1"));
    assertNotEquals(metrics, Files.readString(path.resolve("metrics.jsonl")));
    assertEquals(metrics, Files.readString(path.resolve("metrics.kept-1.jsonl")));
    assertArrayEquals(model, Files.readAllBytes(path.resolve("model.kept-1.safetensors")));
    String said =
        path.resolve("model.safetensors")
            + " is further than the checkpoint and was kept as model.kept-1.safetensors";
    assertTrue(reports.contains(said), reports::toString);
  }

  @Test
  void aModelThatACheckpointHasNeedsNoKeeping() throws IOException {
    Path path = trained();
    keepCheckpoints(path, 1);
    Files.delete(path.resolve("model.safetensors"));
    Files.copy(
        path.resolve("checkpoints/checkpoint-000001.model.safetensors"),
        path.resolve("model.safetensors"));
    resume(path, Map.of());
    assertTrue(Files.exists(path.resolve("metrics.kept-1.jsonl")));
    assertFalse(Files.exists(path.resolve("model.kept-1.safetensors")));
  }
}
