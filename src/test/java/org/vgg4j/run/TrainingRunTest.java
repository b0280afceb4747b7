package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.DivergedException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** Runs of a program on its own images: three epochs of six steps. */
final class TrainingRunTest {
  private static final Map<String, String> SETTINGS =
      TinyRuns.settings("learningRate", "0.003", "device", "cpu");

  @TempDir private Path folder;
  private final List<String> reports = Collections.synchronizedList(new ArrayList<>());

  private RunPlan plan(Map<String, String> settings) {
    return TinyRuns.plan(settings, 3, reports::add);
  }

  private static Map<String, String> settings(String key, String value) {
    Map<String, String> settings = new HashMap<>(SETTINGS);
    settings.put(key, value);
    return settings;
  }

  private Path trained() throws IOException {
    Path path = folder.resolve("trained");
    try (TrainingRun run = TrainingRun.create(plan(SETTINGS), path)) {
      assertEquals(3, run.fit(new TrainingListener() {}).epoch());
    }
    return path;
  }

  private EpochMetrics resume(Path path, Map<String, String> overrides) throws IOException {
    try (TrainingRun run = TrainingRun.resume(path, plan(overrides))) {
      return run.fit(new TrainingListener() {});
    }
  }

  private String refused(Path path, Map<String, String> overrides) {
    return assertThrows(InvalidInputException.class, () -> resume(path, overrides)).getMessage();
  }

  private void requireReport(String start) {
    assertTrue(reports.stream().anyMatch(line -> line.startsWith(start)), reports::toString);
  }

  private static List<String> metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"seconds\".*", ""))
        .toList();
  }

  private static byte[] model(Path run) throws IOException {
    return Files.readAllBytes(run.resolve("model.safetensors"));
  }

  /** Stopped before the first step and in the middle of the second epoch. */
  @Test
  void aStoppedRunEndsWithTheSameBits() throws IOException {
    Path whole = trained();
    Path path = folder.resolve("stopped");
    try (TrainingRun run = TrainingRun.create(plan(SETTINGS), path)) {
      run.stop();
      assertNull(run.fit(new TrainingListener() {}));
      assertFalse(Files.exists(run.model()));
    }
    reports.clear();
    try (TrainingRun run = TrainingRun.resume(path, plan(Map.of()))) {
      EpochMetrics last =
          run.fit(
              new TrainingListener() {
                @Override
                public void stepDone(long step) {
                  if (step == 8) {
                    run.stop();
                  }
                }
              });
      assertEquals(1, last.epoch());
    }
    assertTrue(reports.get(0).endsWith("(as the run before)"), reports::toString);
    assertEquals("run folder: " + path, reports.get(1));
    assertTrue(reports.get(2).startsWith("memory: "), reports::toString);
    assertEquals("resuming from checkpoint-000001: step 0, in epoch 1", reports.get(3));
    List<Long> steps = new ArrayList<>();
    try (TrainingRun run = TrainingRun.resume(path, plan(Map.of()))) {
      run.fit(
          new TrainingListener() {
            @Override
            public void stepDone(long step) {
              steps.add(step);
            }
          });
      assertEquals(whole.resolveSibling("stopped/model.safetensors"), run.model());
    }
    assertEquals(List.of(9L, 10L, 11L, 12L, 13L, 14L, 15L, 16L, 17L, 18L), steps);
    assertArrayEquals(model(whole), model(path));
    assertEquals(metrics(whole), metrics(path));
  }

  @Test
  void aFolderThatHoldsARunIsRefusedAndStays() throws IOException {
    Path path = trained();
    byte[] config = Files.readAllBytes(path.resolve("config.json"));
    byte[] model = model(path);
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class,
            () -> TrainingRun.create(plan(settings("epochs", "9")), path));
    assertEquals("out " + path + " holds a run already; name another folder", e.getMessage());
    assertArrayEquals(config, Files.readAllBytes(path.resolve("config.json")));
    assertArrayEquals(model, model(path));
    assertTrue(refused(folder, Map.of()).contains("holds no run"));
  }

  @Test
  void overridesChangeARunWhereTheyCan() throws IOException {
    Path path = trained();
    byte[] model = model(path);
    reports.clear();
    assertEquals(3, resume(path, Map.of()).epoch());
    assertEquals(
        List.of(path + " is finished: it has its 3 epochs; there is nothing to resume"), reports);
    assertArrayEquals(model, model(path));
    String message = refused(path, Map.of("epochs", "4", "optimizer", "sgd"));
    assertTrue(message.contains("optimizer sgd (the run: adam), which cannot change"), message);
    assertFalse(message.contains("epochs"), message);
    message = refused(path, Map.of("lr", "0.1"));
    assertTrue(message.startsWith("'lr' is not a setting; the settings are arch, "), message);
    reports.clear();
    assertEquals(4, resume(path, Map.of("epochs", "4", "learningRate", "0.001")).epoch());
    requireReport("changed: epochs 4 (the run: 3)");
    requireReport("changed: learningRate 0.001 (the run: 0.003)");
    assertEquals(4, metrics(path).size());
    assertTrue(Files.readString(path.resolve("config.json")).contains("\"epochs\" : 4"));
  }

  @Test
  void otherImagesAreRefused() throws IOException {
    Path path = trained();
    RunPlan other =
        plan(Map.of("epochs", "4"))
            .withData(new RunData("others", TinyRuns.IMAGES.limit(20), TinyRuns.IMAGES));
    String message =
        assertThrows(InvalidInputException.class, () -> TrainingRun.resume(path, other))
            .getMessage();
    assertTrue(message.contains("data others (the run: random)"), message);
    assertTrue(message.contains("trainImages 20 (the run: 22)"), message);
    message =
        assertThrows(
                InvalidInputException.class, () -> TrainingRun.resume(path, Map.of("epochs", "4")))
            .getMessage();
    assertTrue(message.startsWith("data random does not exist"), message);
  }

  /** The decay makes weights 1,500 times as large at each of 22 steps, then 150 times, and less. */
  @Test
  void aDivergedRunStopsOrGoesBack() throws IOException {
    Map<String, String> settings = settings("weightDecay", "1.5e6");
    settings.putAll(Map.of("learningRate", "0.001", "learningRateSchedule", "constant"));
    settings.putAll(Map.of("optimizer", "sgd", "momentum", "0", "batchNorm", "false"));
    settings.putAll(Map.of("batchSize", "1", "epochs", "1"));
    Path stopped = folder.resolve("stopped");
    try (TrainingRun run = TrainingRun.create(plan(settings), stopped)) {
      assertThrows(DivergedException.class, () -> run.fit(new TrainingListener() {}));
    }
    reports.clear();
    RunPlan goingBack =
        plan(settings)
            .withCheckpoints(new CheckpointPolicy(CheckpointInterval.EPOCH, 3, NanPolicy.ROLLBACK));
    try (TrainingRun run = TrainingRun.create(goingBack, folder.resolve("back"))) {
      assertEquals(1, run.fit(new TrainingListener() {}).epoch());
    }
    requireReport("training diverged");
    for (int time = 1; time <= 2; time++) {
      String back =
          "back to checkpoint-%06d (step 0, in epoch 1) at a tenth of the learning rate, %d of 3"
              .formatted(time, time);
      assertTrue(reports.toString().contains(back), reports::toString);
    }
  }

  @Test
  void aMissingDeviceIsRefusedBeforeTheImagesAreLookedFor() {
    assumeFalse(
        Backends.reports(EngineOptions.of("cuda")).get(0).usable(), "this machine has a GPU");
    RunPlan plan = RunPlan.of(settings("device", "cuda"));
    RunPlan unfed =
        new RunPlan(
            plan.recipe(),
            plan.settings(),
            from -> {
              throw new AssertionError("looked for images");
            },
            plan.cudaLibraries(),
            plan.tune(),
            plan.checkpoints(),
            plan.report(),
            plan.naming());
    Path path = folder.resolve("run");
    assertThrows(DeviceUnavailableException.class, () -> TrainingRun.create(unfed, path));
    assertFalse(Files.exists(path));
  }
}
