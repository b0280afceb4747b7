package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.testing.IdxFolder;

/** What {@code train} prints and writes, and that {@code evaluate} agrees with it. */
final class TrainCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern LINE =
      Pattern.compile(
          "epoch (\\d+), loss (\\d+\\.\\d{4}), train acc ([01]\\.\\d{3}), test acc ([01]\\.\\d{3}),"
              + " time \\d+\\.\\d sec");
  private static final List<String> KEYS =
      List.of(
          "epoch",
          "trainLoss",
          "trainAccuracy",
          "testAccuracy",
          "testTopFive",
          "learningRate",
          "seconds",
          "imagesPerSecond",
          "waitSeconds");

  @TempDir private static Path shared;
  private static Path run;
  private static Cli.Result trained;

  @TempDir private Path folder;

  @BeforeAll
  static void train() {
    run = shared.resolve("runs/first");
    trained = shortRun(run, "--data", "sample");
  }

  /** Trains 2 epochs on 75 images, of which the last batch has 11, and tests on 30. */
  private static Cli.Result shortRun(Path out, String... more) {
    List<String> flags = new ArrayList<>(List.of("--epochs", "2", "--batch-size", "32"));
    flags.addAll(List.of("--train-limit", "75", "--test-limit", "30", "--lr", "0.01"));
    flags.addAll(List.of(more));
    return Cli.train(out, flags.toArray(new String[0]));
  }

  @Test
  void stdoutHasTheEpochLinesAndNothingElse() {
    assertEquals(0, trained.code(), trained.err());
    assertEquals(2, trained.outLines().size(), trained.out());
    for (int epoch = 1; epoch <= 2; epoch++) {
      Matcher matcher = LINE.matcher(trained.outLines().get(epoch - 1));
      assertTrue(matcher.matches(), trained.out());
      assertEquals(epoch, Integer.parseInt(matcher.group(1)));
    }
  }

  @Test
  void theMetricsAreTheLines() throws IOException {
    List<String> objects = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertEquals(2, objects.size());
    for (int epoch = 1; epoch <= 2; epoch++) {
      JsonNode object = JSON.readTree(objects.get(epoch - 1));
      List<String> keys = new ArrayList<>();
      object.fieldNames().forEachRemaining(keys::add);
      assertEquals(KEYS, keys);
      assertEquals(epoch, object.get("epoch").intValue());
      assertTrue(object.get("imagesPerSecond").doubleValue() > 0);
      String line =
          String.format(
              Locale.ROOT,
              "epoch %d, loss %.4f, train acc %.3f, test acc %.3f, time %.1f sec",
              epoch,
              object.get("trainLoss").doubleValue(),
              object.get("trainAccuracy").doubleValue(),
              object.get("testAccuracy").doubleValue(),
              object.get("seconds").doubleValue());
      assertEquals(trained.outLines().get(epoch - 1), line);
      // Accuracies are shares of 75 and of 30 images.
      assertWhole(75 * object.get("trainAccuracy").doubleValue());
      assertWhole(30 * object.get("testAccuracy").doubleValue());
    }
  }

  private static void assertWhole(double value) {
    assertEquals(Math.rint(value), value, 1e-9);
  }

  @Test
  void theFolderHasItsFiles() throws IOException {
    assertEquals(
        List.of(".lock", "checkpoints", "config.json", "metrics.jsonl", "model.safetensors"),
        Cli.names(run));
  }

  @Test
  void theConfigurationRepeatsTheRun() throws IOException {
    JsonNode config = JSON.readTree(Files.readString(run.resolve("config.json")));
    List<String> keys = new ArrayList<>();
    config.fieldNames().forEachRemaining(keys::add);
    assertTrue(
        keys.containsAll(
            List.of(
                "vgg4j",
                "recipe",
                "net",
                "init",
                "optimizer",
                "momentum",
                "weightDecay",
                "epochs",
                "batchSize",
                "accumulate",
                "learningRate",
                "learningRateSchedule",
                "seed",
                "data",
                "trainImages",
                "testImages",
                "device",
                "variant",
                "engine",
                "java")),
        keys.toString());
    assertEquals("sample", config.get("data").textValue());
    assertEquals(75, config.get("trainImages").intValue());
    assertEquals(30, config.get("testImages").intValue());
    assertEquals("default", config.get("variant").textValue());
    assertEquals(0.01, config.get("learningRate").doubleValue());
    VggConfig net =
        VggConfig.fromMap(
            JSON.convertValue(config.get("net"), new TypeReference<Map<String, Object>>() {}));
    assertEquals("256,M,384,M", config.get("net").get("layers").textValue());
    assertEquals(64, net.hiddenFeatures());
  }

  @Test
  void stderrSaysWhatRunsAndWarnsOfTheSampleFirstAndLast() {
    // Whether a checkpoint falls due while the one before is being written is a matter of speed.
    List<String> lines =
        trained.errLines().stream().filter(line -> !line.startsWith("checkpoint skipped")).toList();
    assertEquals(6, lines.size(), trained.err());
    assertTrue(lines.get(0).startsWith("WARNING: these are figures of a SAMPLE"), lines.get(0));
    assertTrue(lines.get(0).contains("dataset-fashion-mnist"), lines.get(0));
    assertTrue(lines.get(1).endsWith("(asked for)"), lines.get(1));
    assertEquals("run folder: " + run, lines.get(2));
    assertTrue(lines.get(3).matches("memory: .* MiB for the net .*"), lines.get(3));
    assertTrue(lines.get(4).startsWith("memory at peak: "), lines.get(4));
    assertEquals(lines.get(0), lines.get(5));
  }

  @Test
  void theSameFlagsGiveTheSameModelAndAnotherSeedAnother() throws IOException {
    Path again = folder.resolve("again");
    Path other = folder.resolve("other");
    shortRun(again, "--data", "sample");
    shortRun(other, "--data", "sample", "--seed", "2");
    Path model = run.resolve("model.safetensors");
    assertEquals(-1, Files.mismatch(model, again.resolve("model.safetensors")));
    assertNotEquals(-1, Files.mismatch(model, other.resolve("model.safetensors")));
  }

  @Test
  void evaluateGivesTheLastTestAccuracy() throws IOException {
    List<String> objects = Files.readAllLines(run.resolve("metrics.jsonl"));
    double last = JSON.readTree(objects.get(1)).get("testAccuracy").doubleValue();
    Cli.Result result =
        Cli.run(
            "evaluate",
            run.resolve("model.safetensors").toString(),
            "--device",
            "cpu",
            "--data",
            "sample",
            "--test-limit",
            "30");
    assertEquals(0, result.code(), result.err());
    List<String> lines = result.outLines();
    String start = String.format(Locale.ROOT, "test acc %.4f, top-5 ", last);
    assertTrue(lines.get(0).startsWith(start), lines.get(0));
    assertEquals(2, result.errLines().size(), result.err());
    assertTrue(result.errLines().get(0).startsWith("WARNING"), result.err());
    // The matrix holds every image once, and its diagonal the right answers.
    int first = lines.indexOf("confusion matrix: rows are the true classes, columns the answers");
    long count = 0;
    long right = 0;
    for (int row = 0; row < 10; row++) {
      String[] cells = lines.get(first + 2 + row).strip().split(" +");
      assertEquals(11, cells.length);
      assertEquals(Integer.toString(row), cells[0]);
      right += Long.parseLong(cells[1 + row]);
      for (int column = 1; column <= 10; column++) {
        count += Long.parseLong(cells[column]);
      }
    }
    assertEquals(30, count);
    assertEquals(last, (double) right / count);
  }

  @Test
  void aRunIsNotOverwritten() throws IOException {
    byte[] before = Files.readAllBytes(run.resolve("config.json"));
    assertTrue(Cli.refused(shortRun(run, "--data", "sample")).contains("holds a run already"));
    assertTrue(java.util.Arrays.equals(before, Files.readAllBytes(run.resolve("config.json"))));
    theFolderHasItsFiles();
  }

  /** Data of one's own are no sample: nothing warns of it. */
  @Test
  void aFolderThatIsNoSampleGivesNoWarning() throws IOException {
    FashionMnist sample =
        FashionMnist.load("sample", DataPlaces.ofThisMachine(), DownloadListener.NONE);
    Path data =
        IdxFolder.write(folder.resolve("data"), sample.train().limit(40), sample.test().limit(10));
    Cli.Result result = shortRun(folder.resolve("run"), "--data", data.toString());
    assertEquals(0, result.code(), result.err());
    assertFalse(result.err().contains("SAMPLE"), result.err());
    assertEquals(2, result.outLines().size());
    JsonNode config = JSON.readTree(Files.readString(folder.resolve("run/config.json")));
    assertEquals(40, config.get("trainImages").intValue());
  }

  @Test
  void theTunedVariantIsSaidAndStored() throws IOException {
    Path out = folder.resolve("tuned");
    Cli.Result result = shortRun(out, "--data", "sample", "--tune", "--device", "cpu");
    assertEquals(0, result.code(), result.err());
    String line = result.errLines().stream().filter(l -> l.startsWith("tuned: ")).findFirst().get();
    Matcher matcher =
        Pattern.compile(
                "tuned: variant (default|nhwc|direct|by layer) \\(default (\\d+\\.\\d) ms a step,"
                    + " nhwc (\\d+\\.\\d) ms a step, direct (\\d+\\.\\d) ms a step, by layer"
                    + " (\\d+\\.\\d) ms a step\\)")
            .matcher(line);
    assertTrue(matcher.matches(), line);
    List<String> ways = List.of("default", "nhwc", "direct", "by layer");
    String best = matcher.group(1);
    double least = Double.parseDouble(matcher.group(2 + ways.indexOf(best)));
    for (int way = 0; way < ways.size(); way++) {
      assertTrue(least <= Double.parseDouble(matcher.group(2 + way)), line);
    }
    JsonNode config = JSON.readTree(Files.readString(out.resolve("config.json")));
    boolean isByLayer = best.equals("by layer");
    assertEquals(isByLayer ? "default" : best, config.get("variant").textValue());
    assertEquals(isByLayer, config.has("choices"), config.toString());
  }

  /** Each norm between two convolutions is computed again in the backward, while timed as well. */
  @Test
  void deepNetsAreTuned() {
    Cli.Result result =
        Cli.run(
            ("train --no-report --device cpu --tune --data sample --layers 8,8,M,16,16,M"
                    + " --image-size 8 --train-limit 64 --test-limit 10 --epochs 1"
                    + " --batch-size 32 --out "
                    + folder.resolve("deep"))
                .split(" "));
    assertEquals(0, result.code(), result.err());
    assertTrue(result.err().contains("tuned: variant "), result.err());
  }

  /** In the first epoch, or with one step per epoch after some that went well. */
  @ParameterizedTest
  @CsvSource({
    "1e30, adam, 64, false",
    "1e30, sgd, 64, false",
    "1e4, sgd, 64, false",
    "100, sgd, 16, true",
    "1e3, sgd, 16, true",
    "1e5, sgd, 16, true"
  })
  void aDivergedRunLeavesNoRuinedModel(String rate, String optimizer, String images, boolean saved)
      throws IOException {
    Path out = folder.resolve("run");
    Cli.Result result =
        Cli.train(
            out,
            "--data",
            "sample",
            "--train-limit",
            images,
            "--batch-size",
            "16",
            "--test-limit",
            "10",
            "--epochs",
            "6",
            "--lr",
            rate,
            "--optimizer",
            optimizer);
    assertEquals(ExitCode.DIVERGED, result.code(), result.err());
    String last = result.errLines().get(result.errLines().size() - 1);
    assertTrue(
        last.matches(
            "vgg: training diverged: .* is not finite in epoch \\d+, step \\d+, at learning rate"
                + " \\d+(\\.\\d+)?(e\\+\\d+)?; try a smaller --lr"),
        last);
    assertEquals(saved, !result.out().isEmpty(), result.out());
    List<String> names = new ArrayList<>(List.of(".lock", "checkpoints", "config.json"));
    if (saved) {
      names.addAll(List.of("metrics.jsonl", "model.safetensors"));
      assertModelIsFinite(out.resolve("model.safetensors"));
      List<String> metrics = Files.readAllLines(out.resolve("metrics.jsonl"));
      assertEquals(result.outLines().size(), metrics.size());
    }
    assertEquals(names, Cli.names(out));
  }

  private static void assertModelIsFinite(Path model) throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(model)) {
      List<String> floats =
          reader.tensors().stream()
              .filter(spec -> spec.type() == SafeTensorType.F32)
              .map(SafeTensorSpec::name)
              .toList();
      assertTrue(floats.contains("features.0.weight"), floats.toString());
      for (String name : floats) {
        double[] values = TestTensors.doubles(reader, name);
        assertTrue(DoubleStream.of(values).allMatch(Double::isFinite), name);
      }
    }
  }

  /** The reference engine runs the same command. */
  @Test
  void theReferenceTrainsToo() {
    Cli.Result result =
        shortRun(folder.resolve("run"), "--data", "sample", "--device", "reference");
    assertEquals(0, result.code(), result.err());
    assertEquals(2, result.outLines().size());
    assertTrue(result.err().contains("(asked for)"), result.err());
  }
}
