package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.testing.TinyPictures;

/** Folders of pictures by way of the commands. */
final class OwnImagesTest {
  private static final String[] CLASSES = {"blue sea", "grass", "\ud83c\udf39 rose"};

  @TempDir private static Path shared;
  private static Path parts; // with train and val
  private static Path whole; // the classes alone
  private static Path run;
  private static Cli.Result trained;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    parts = shared.resolve("parts");
    TinyPictures.write(parts.resolve("train"), 24, CLASSES);
    TinyPictures.write(parts.resolve("val"), 6, CLASSES);
    whole = TinyPictures.write(shared.resolve("whole"), 10, CLASSES);
    run = shared.resolve("run");
    trained = train(run, "--data", parts.toString(), "--epochs", "6");
  }

  private static Cli.Result train(Path out, String... more) {
    List<String> flags = new ArrayList<>(List.of("--batch-size", "8", "--lr", "0.01"));
    flags.addAll(List.of("--dropout", "0"));
    flags.addAll(List.of(more));
    return Cli.train(out, flags.toArray(new String[0]));
  }

  private static JsonNode config(Path out) throws IOException {
    return new ObjectMapper().readTree(Files.readString(out.resolve("config.json")));
  }

  @Test
  void theNetFollowsTheFolderAndLearnsIt() throws IOException {
    assertEquals(0, trained.code(), trained.err());
    assertTrue(
        trained.errLines().contains("3 classes, 3 channels, as the images have"), trained.err());
    assertTrue(
        trained
            .errLines()
            .contains("images: shorter side resized to 8 (antialiased bilinear), centre crop 8"),
        trained.err());
    assertTrue(trained.outLines().get(5).contains("test acc 1.000"), trained.out());
    JsonNode config = config(run);
    assertEquals(3, config.get("net").get("classes").intValue());
    assertEquals("parts", config.get("data").textValue());
    assertEquals(parts.toString(), config.get("dataFrom").textValue());
    assertEquals("shorter", config.get("preprocessing").get("fit").textValue());
    assertEquals(
        List.of(72, 18),
        List.of(config.get("trainImages").intValue(), config.get("testImages").intValue()));
    assertTrue(config.path("heldOut").isMissingNode());
  }

  @Test
  void evaluateAndPredictUseTheNames() throws IOException {
    Path model = run.resolve("model.safetensors");
    Cli.Result result =
        Cli.run("evaluate", model.toString(), "--data", parts.toString(), "--device", "cpu");
    assertEquals(0, result.code(), result.err());
    assertTrue(result.outLines().get(0).startsWith("test acc 1.0000 (18 images)"), result.out());
    assertTrue(result.out().contains("\ud83c\udf39 rose"), result.out());
    // A folder of classes alone is wholly to test; with a split, a part of it is.
    result = Cli.run("evaluate", model.toString(), "--data", whole.toString(), "--device", "cpu");
    assertTrue(result.outLines().get(0).contains("(30 images)"), result.out() + result.err());
    result =
        Cli.run(
            "evaluate",
            model.toString(),
            "--data",
            whole.toString(),
            "--split",
            "0.2",
            "--device",
            "cpu");
    assertTrue(result.outLines().get(0).contains("(6 images)"), result.out() + result.err());
    Path red = folder.resolve("red.png");
    TinyPictures.one(red, "png", 20, 30, Color.getHSBColor(2 / 3f, 1, 0.9f));
    result = Cli.run("predict", model.toString(), red.toString(), "--device", "cpu");
    assertTrue(result.outLines().get(1).endsWith("%  \ud83c\udf39 rose"), result.out());
  }

  @Test
  void otherClassesThanTheModelsAreRefused() throws IOException {
    Path others = TinyPictures.write(folder.resolve("others"), 2, "blue sea", "gras", "rose");
    String line =
        Cli.refused(
            Cli.run(
                "evaluate",
                run.resolve("model.safetensors").toString(),
                "--data",
                others.toString(),
                "--device",
                "cpu"));
    assertTrue(line.contains("class 1 of others is gras, that of the model grass"), line);
  }

  /** The second epoch has the images of the first, whatever the seed is by then. */
  @Test
  void aSplitIsKeptByAResumedRun() throws IOException {
    Path out = folder.resolve("run");
    String[] flags = {"--data", whole.toString(), "--split", "0.2", "--epochs", "1", "--seed", "5"};
    assertEquals(0, train(out, flags).code());
    JsonNode first = config(out);
    assertEquals(0.2, first.get("heldOut").doubleValue());
    assertEquals(5, first.get("heldOutSeed").intValue());
    assertEquals(
        List.of(24, 6),
        List.of(first.get("trainImages").intValue(), first.get("testImages").intValue()));
    Cli.Result resumed =
        Cli.run("train", "--resume", out.toString(), "--epochs", "2", "--seed", "6");
    assertEquals(0, resumed.code(), resumed.err());
    JsonNode second = config(out);
    for (String key : List.of("trainCrc32c", "testCrc32c", "heldOut", "heldOutSeed")) {
      assertEquals(first.get(key), second.get(key), key);
    }
    Path other = folder.resolve("other");
    flags[7] = "6";
    assertEquals(0, train(other, flags).code());
    assertTrue(!config(other).get("testCrc32c").equals(first.get("testCrc32c")));
  }

  @Test
  void aResumedRunEndsWithTheSameBits() throws IOException {
    Path once = folder.resolve("once");
    Path twice = folder.resolve("twice");
    String[] flags = {
      "--data", whole.toString(), "--split", "0.2", "--lr-schedule", "constant", "--epochs", "2"
    };
    assertEquals(0, train(once, flags).code());
    flags[7] = "1";
    assertEquals(0, train(twice, flags).code());
    assertEquals(0, Cli.run("train", "--resume", twice.toString(), "--epochs", "2").code());
    assertEquals(
        -1, Files.mismatch(once.resolve("model.safetensors"), twice.resolve("model.safetensors")));
  }

  @Test
  void aNetOfOneChannelTakesColourInGrey() throws IOException {
    Path out = folder.resolve("run");
    Cli.Result result = train(out, "--data", parts.toString(), "--channels", "1", "--epochs", "1");
    assertEquals(0, result.code(), result.err());
    assertTrue(result.errLines().contains("3 classes, as the images have"), result.err());
    assertEquals(1, config(out).get("net").get("channels").intValue());
    Path file = parts.resolve("val").resolve(CLASSES[1]).resolve("0.png");
    result = Cli.run("predict", out.resolve("model.safetensors").toString(), file.toString());
    assertEquals(0, result.code(), result.err());
  }

  @Test
  void thePreprocessingOfATrainingCanBeGiven() throws IOException {
    Path out = folder.resolve("run");
    Cli.Result result =
        train(
            out,
            "--data",
            parts.toString(),
            "--epochs",
            "1",
            "--fit",
            "square",
            "--resize",
            "10",
            "--mean",
            "0.5,0.4,0.3");
    assertEquals(0, result.code(), result.err());
    JsonNode how = config(out).get("preprocessing");
    assertEquals(10, how.get("resize").intValue());
    assertEquals(0.4, how.get("mean").get(1).doubleValue());
    assertTrue(how.path("fit").isMissingNode(), "square is usual for three channels");
  }

  @Test
  void summaryAndBenchmarkFollowToo() {
    Cli.Result result =
        Cli.run(
            "summary",
            "--data",
            parts.toString(),
            "--device",
            "cpu",
            "--layers",
            "8,M",
            "--width",
            "1/8");
    assertTrue(result.out().matches("(?s).*classifier\\.6 +Linear +3 .*"), result.out());
    result =
        Cli.run(
            "benchmark",
            "--data",
            parts.toString(),
            "--device",
            "cpu",
            "--layers",
            "256,M",
            "--width",
            "1/64",
            "--image-size",
            "8",
            "--steps",
            "1",
            "--repeats",
            "1",
            "--warm-up",
            "1");
    assertEquals(0, result.code(), result.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0 must be above 0 and below 1",
        "1 must be above 0 and below 1",
        "NaN must be above 0 and below 1",
        "half must be a number",
        "0.1 holds out what"
      })
  void splitsThatCannotBe(String said) throws IOException {
    String share = said.split(" ")[0];
    String line =
        Cli.refused(train(folder.resolve("run"), "--data", parts.toString(), "--split", share));
    assertTrue(line.startsWith("vgg: --split " + said.substring(share.length() + 1)), line);
    assertEquals(List.of(), Cli.names(folder));
  }

  @Test
  void whatTheFolderLacksIsOneLine() throws IOException {
    refused("--split 0.1", whole);
    refused("one class only, a", TinyPictures.write(shared.resolve("one"), 2, "a"));
    Path empty = TinyPictures.write(shared.resolve("empty"), 2, "a", "b");
    Files.createDirectory(empty.resolve("nothing"));
    refused("has no pictures", empty, "--split", "0.5");
    refused("must be 3 for", parts, "--classes", "5");
    refused("must be 1 or 3 for pictures, not 2", parts, "--channels", "2");
    Path broken = TinyPictures.write(shared.resolve("broken"), 2, "a", "b");
    Files.writeString(broken.resolve("a/0.png"), "no picture");
    Cli.Result result = train(folder.resolve("run"), "--data", broken.toString(), "--split", "0.5");
    assertEquals(ExitCode.BAD_INPUT, result.code(), result.err());
    assertTrue(result.err().contains("0.png is not an image"), result.err());
    assertEquals(List.of(), Cli.names(folder), "something was written");
  }

  private void refused(String word, Path data, String... more) throws IOException {
    List<String> flags = new ArrayList<>(List.of("--data", data.toString()));
    flags.addAll(List.of(more));
    String line = Cli.refused(train(folder.resolve("run"), flags.toArray(new String[0])));
    assertTrue(line.contains(word), line);
    assertEquals(List.of(), Cli.names(folder), "something was written");
  }
}
