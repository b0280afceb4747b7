package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.TrainingListener;

/** Runs whose first weights come from a file have them, say so, and go on without it. */
final class StartingWeightsTest {
  private static final TrainingListener NOTHING = new TrainingListener() {};

  @TempDir private Path folder;

  private final List<String> reports = new ArrayList<>();
  private Path shallow; // a run of the net 192,M,256,M with batch norm

  @BeforeEach
  void train() throws IOException {
    shallow = folder.resolve("shallow");
    fit(TrainingRun.create(plan("device", "reference", "epochs", "1"), shallow));
  }

  private RunPlan plan(String... others) {
    return TinyRuns.plan(TinyRuns.settings(others), 9, reports::add);
  }

  private static void fit(TrainingRun opened) throws IOException {
    try (TrainingRun run = opened) {
      run.fit(NOTHING);
    }
  }

  /** Returns the values of a file's tensors, by name. */
  private static Map<String, double[]> tensors(Path file) throws IOException {
    Map<String, double[]> tensors = new HashMap<>();
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      for (SafeTensorSpec spec : reader.tensors()) {
        if (spec.type().isFloating()) {
          tensors.put(spec.name(), TestTensors.doubles(reader, spec.name()));
        }
      }
    }
    return tensors;
  }

  /** Returns the weights that a run began with. */
  private static Map<String, double[]> first(Path run) throws IOException {
    return tensors(run.resolve("checkpoints").resolve("checkpoint-000001.model.safetensors"));
  }

  @Test
  void aRunStartsFromAllWeightsOfAnother() throws IOException {
    Path run = folder.resolve("run");
    Map<String, String> settings =
        Map.of(
            "device",
            "reference",
            "epochs",
            "1",
            "batchSize",
            "4",
            "startFrom",
            shallow.toString());
    fit(TrainingRun.create(TinyRuns.plan(settings, 9, reports::add), run));
    Map<String, double[]> expected = tensors(shallow.resolve("model.safetensors"));
    Map<String, double[]> begun = first(run);
    assertEquals(expected.keySet(), begun.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, begun.get(name), name));
    assertTrue(
        reports.contains(
            "starting from " + shallow.resolve("model.safetensors") + ": all its weights"),
        reports.toString());
    String config = Files.readString(run.resolve("config.json"));
    assertTrue(
        config.contains("\"startFrom\" : \"" + shallow.resolve("model.safetensors")), config);
    assertTrue(config.contains("\"weightsSha256\" : \""), config);
  }

  @Test
  void aDeeperNetTakesConvolutionsAtTheirPlaceAndTheLinearLayers() throws IOException {
    Path run = folder.resolve("run");
    Path drawn = folder.resolve("drawn");
    String[] deeper = {
      "device", "reference", "epochs", "1", "layers", "192,192,M,256,256,M", "seed", "5"
    };
    Map<String, String> settings = new HashMap<>(TinyRuns.settings(deeper));
    fit(
        TrainingRun.create(
            TinyRuns.plan(settings, 9, reports::add)
                .withCheckpoints(
                    new CheckpointPolicy(CheckpointInterval.EPOCH, 9, NanPolicy.ROLLBACK)),
            drawn));
    settings.put("initFrom", shallow.toString());
    fit(TrainingRun.create(TinyRuns.plan(settings, 9, reports::add), run));
    Map<String, double[]> file = tensors(shallow.resolve("model.safetensors"));
    Map<String, double[]> begun = first(run);
    Map<String, double[]> chance = first(drawn);
    // The convolution after the first pool is module 4 there, and 7 here.
    Map<String, String> copied =
        Map.of(
            "features.0.", "features.0.",
            "features.1.", "features.1.",
            "features.7.", "features.4.",
            "features.8.", "features.5.",
            "classifier.0.", "classifier.0.",
            "classifier.3.", "classifier.3.",
            "classifier.6.", "classifier.6.");
    int taken = 0;
    for (Map.Entry<String, double[]> tensor : begun.entrySet()) {
      String name = tensor.getKey();
      int end = name.lastIndexOf('.') + 1;
      String from = copied.get(name.substring(0, end));
      double[] expected = from == null ? chance.get(name) : file.get(from + name.substring(end));
      assertArrayEquals(expected, tensor.getValue(), name);
      taken += from == null ? 0 : 1;
    }
    assertEquals(18, taken);
    assertTrue(
        reports.contains(
            "initialised from "
                + shallow.resolve("model.safetensors")
                + ": features.0, features.7 (its features.4), classifier.0, classifier.3,"
                + " classifier.6"),
        reports.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"startFrom", "initFrom"})
  void aResumedRunNeedsNoFileAndEndsWithTheSameBits(String key) throws IOException {
    Path source = folder.resolve("source.safetensors");
    String[] settings = {"epochs", "3", "learningRateSchedule", "step", "learningRateStep", "1"};
    Map<String, String> all = new HashMap<>(TinyRuns.settings(settings));
    all.put(key, source.toString());
    all.put("device", "reference");
    Files.copy(shallow.resolve("model.safetensors"), source);
    Path whole = folder.resolve("whole");
    fit(TrainingRun.create(TinyRuns.plan(all, 9, reports::add), whole));

    Path parts = folder.resolve("parts");
    try (TrainingRun run = TrainingRun.create(TinyRuns.plan(all, 9, reports::add), parts)) {
      run.stop(); // so that only the beginning is kept
      run.fit(NOTHING);
    }
    Files.delete(source);
    fit(TrainingRun.resume(parts, TinyRuns.plan(Map.of(), 9, reports::add)));
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(parts.resolve("model.safetensors")));
    String line =
        assertThrows(
                InvalidInputException.class,
                () -> TrainingRun.resume(parts, TinyRuns.plan(Map.of(key, "x"), 9, reports::add)))
            .getMessage();
    assertEquals(key + " is for a new run; one that goes on has its weights: leave it out", line);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          startFrom | classes | 4 | new head: 4 classes instead of 3
          initFrom  | classes | 4 | new head: 4 classes instead of 3
          """)
  void anotherNumberOfClassesIsSaid(String key, String setting, String value, String expected) {
    StartingWeights start = StartingWeights.of(Map.of(key, shallow.toString()));
    Recipe recipe = Settings.recipe(Recipe.quick(), TinyRuns.settings(setting, value));
    List<String> lines = start.lines(recipe.net());
    assertTrue(lines.get(lines.size() - 1).endsWith("; " + expected), lines.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          startFrom | layers    | 192,M,320,M     | features.4.weight has the shape [4, 3, 3, 3], and features.4.weight of the net to train needs [5, 3, 3, 3]
          startFrom | layers    | 192,M           | has a tensor features.4.weight, which the net to train does not have
          startFrom | layers    | 192,M,256,256,M | lacks features.7.weight, which the net to train needs
          startFrom | imageSize | 16              | classifier.0.weight has the shape [64, 16], and classifier.0.weight of the net to train needs [64, 64]
          initFrom  | layers    | 192,M,320,M     | features.4.weight has the shape [4, 3, 3, 3], and features.4.weight of the net to train needs [5, 3, 3, 3]
          initFrom  | layers    | 192,192,M       | the net to train has no place for features.4, convolution 1 of stage 2
          initFrom  | batchNorm | false           | has a batch norm and the net to train has none; give --batch-norm
          initFrom  | width     | 1/32            | features.0.weight has the shape [3, 1, 3, 3], and features.0.weight of the net to train needs [6, 1, 3, 3]
          """)
  void whatDoesNotFitIsNamed(String key, String setting, String value, String expected) {
    StartingWeights start = StartingWeights.of(Map.of(key, shallow.toString()));
    Recipe recipe = Settings.recipe(Recipe.quick(), TinyRuns.settings(setting, value));
    String message =
        assertThrows(InvalidInputException.class, () -> start.lines(recipe.net())).getMessage();
    assertTrue(message.startsWith(shallow.resolve("model.safetensors").toString()), message);
    assertTrue(message.endsWith(expected), message);
  }

  @Test
  void anotherFileOfTheNameIsRefused() throws IOException {
    Path source = folder.resolve("source.safetensors");
    Files.copy(shallow.resolve("model.safetensors"), source);
    StartingWeights start = StartingWeights.of(Map.of("startFrom", source.toString()));
    byte[] bytes = Files.readAllBytes(source);
    Files.write(source, Arrays.copyOf(bytes, bytes.length + 1));
    String message = assertThrows(InvalidInputException.class, () -> start.into(null)).getMessage();
    assertEquals(source + " is another file than when the run was begun; begin a new run", message);
  }

  @Test
  void refusedRunsLeaveNothing() {
    Path run = folder.resolve("run");
    assertThrows(
        InvalidInputException.class,
        () ->
            TrainingRun.create(
                plan("startFrom", shallow.toString(), "layers", "192,M,320,M"), run));
    assertFalse(Files.exists(run));
  }
}
