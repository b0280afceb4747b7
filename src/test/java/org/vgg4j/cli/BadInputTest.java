package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.tensor.EngineReport;
import org.vgg4j.testing.IdxFolder;

/** Bad input: exit code 2, one line on stderr, nothing on stdout, nothing half-written. */
final class BadInputTest {
  @TempDir private static Path shared;
  private static Path model; // a good one
  private static FashionMnist sample;

  @TempDir private Path folder;

  @BeforeAll
  static void trainAModel() {
    sample = FashionMnist.load("sample", DataPlaces.ofThisMachine(), DownloadListener.NONE);
    Path run = shared.resolve("good");
    Cli.Result result =
        Cli.train(
            run, "--data", "sample", "--train-limit", "8", "--test-limit", "8", "--epochs", "1");
    assertEquals(0, result.code(), result.err());
    model = run.resolve("model.safetensors");
  }

  /** Runs train with these flags, which must be refused with a message that has the word. */
  private String train(String word, String... flags) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("train"));
    arguments.addAll(List.of("--out", folder.resolve("run").toString()));
    arguments.addAll(Arrays.asList(flags));
    String line = Cli.refused(Cli.run(arguments.toArray(new String[0])));
    assertTrue(line.contains(word), line);
    assertFalse(line.contains("only once"), line);
    assertEquals(List.of(), Cli.names(folder), "something was written");
    return line;
  }

  @ParameterizedTest
  @CsvSource({
    "--frobnicate, 1",
    "--arch, vgg12",
    "--arch, custom",
    "--recipe, foo",
    "--layers, '8,M,x'",
    "--layers, M",
    "--layers, ''",
    "--batch-norm=maybe, ''",
    "--width, 1/999",
    "--width, 0",
    "--width, wide",
    "--image-size, 10",
    "--image-size, 0",
    "--image-size, 1048576",
    "--image-size, big",
    "--channels, 0",
    "--classes, 0",
    "--classes, 9",
    "--dropout, 1",
    "--dropout, -0.1",
    "--dropout, NaN",
    "--init, foo",
    "--epochs, 0",
    "--epochs, 1.5",
    "--epochs, 99999999999",
    "--batch-size, 0",
    "--batch-size, -64",
    "--accumulate, 0",
    "--lr, 0",
    "--lr, -1",
    "--lr, NaN",
    "--lr, Infinity",
    "--lr, fast",
    "--lr-schedule, stairs",
    "--lr-step, 0",
    "--lr-factor, 0",
    "--patience, 0",
    "--lr-drops, -1",
    "--warm-up, -3",
    "--label-smoothing, 1",
    "--clip-norm, -1",
    "--ema, 1",
    "--head-lr, -1",
    "--freeze, features.99",
    "--scale, 16",
    "--scale, 40..36",
    "--color-shift, -1",
    "--normalize, imagenet",
    "--split, 0",
    "--start-from, /no/such/file",
    "--init-from, /no/such/file",
    "--on-bad-image, maybe",
    "--cache-size, -1",
    "--optimizer, rmsprop",
    "--momentum, 1",
    "--momentum, NaN",
    "--weight-decay, -1",
    "--weight-decay, NaN",
    "--seed, x",
    "--train-limit, 0",
    "--test-limit, -1",
    "--device, gpu",
    "--precision, fp64",
    "--workspace-limit, much",
    "--cuda-libs, /no/such/folder",
    "--threads, 0",
    "--threads, 100000",
    "--threads, many"
  })
  void flagsOfTrain(String flag, String value) throws IOException {
    String line = train(flag.replaceFirst("=.*", ""), "--data", "sample", flag, value);
    assertTrue(line.startsWith("vgg: ") || line.startsWith("vgg train: "), line);
  }

  @Test
  void superfluousAndMissingArguments() throws IOException {
    train("foo", "--data", "sample", "foo");
    train("--epochs", "--data", "sample", "--epochs");
    assertTrue(Cli.refused(Cli.run()).contains("a command is missing"));
    assertTrue(Cli.refused(Cli.run("fly")).contains("fly"));
    assertTrue(Cli.refused(Cli.run("evaluate")).contains("MODEL"));
    assertTrue(Cli.refused(Cli.run("predict")).contains("MODEL"));
    assertTrue(Cli.refused(Cli.run("predict", model.toString())).contains("IMAGE"));
    assertTrue(Cli.refused(Cli.run("summary", "--epochs", "0")).contains("--epochs"));
  }

  @Test
  void aGpuThatIsNotThere() throws IOException {
    EngineReport report = Backends.reports(EngineOptions.of("cuda")).get(0);
    assertEquals("cuda", report.device());
    assumeFalse(report.usable(), "this machine has a GPU");
    train("cuda", "--data", "sample", "--device", "cuda");
    Cli.refused(Cli.run("evaluate", model.toString(), "--data", "sample", "--device", "cuda"));
  }

  @Test
  void whatTheCpuEngineHasNot() throws IOException {
    train("--precision tf32", "--data", "sample", "--device", "cpu", "--precision", "tf32");
    train("--precision bf16", "--data", "sample", "--device", "reference", "--precision", "bf16");
    train("--activations", "--data", "sample", "--device", "cpu", "--activations", "recompute");
    train("--graph", "--data", "sample", "--device", "cpu", "--no-graph");
  }

  /** As under LC_ALL=C, where a name with accents is none; no locale has this one. */
  @ParameterizedTest
  @ValueSource(strings = {"--data", "--out", "--resume", "--cuda-libs"})
  void namesThatNameNothing(String flag) {
    String line = Cli.refused(Cli.run("train", "--device", "cpu", flag, "a\0b"));
    assertTrue(line.contains("cannot name a file here (Nul character not allowed)"), line);
  }

  /** Each of these ended as a defect of ours. */
  @ParameterizedTest
  @ValueSource(strings = {"--layers 8,M --width 100000", "--image-size 65536"})
  void sizesThatOneDnnRefuses(String flags) {
    List<String> arguments = new ArrayList<>(List.of("summary", "--device", "cpu"));
    arguments.addAll(List.of(flags.split(" ")));
    String line = Cli.refused(Cli.run(arguments.toArray(new String[0])));
    assertTrue(line.contains("use smaller layers, width, image size or batch"), line);
  }

  @Test
  void aLastBatchOfOneImageUnderMapsOfOnePixel() throws IOException {
    String flags = "--data sample --train-limit 9 --batch-size 8 --layers 8,M,8,M,8,M,8";
    List<String> arguments = new ArrayList<>(List.of(flags.split(" ")));
    arguments.addAll(List.of("--image-size", "8", "--width", "1", "--device", "cpu"));
    String line = train("--batch-size 8", arguments.toArray(new String[0]));
    assertTrue(line.contains("--batch-size 8 leaves one of 9 images to the last batch"), line);
    line =
        Cli.refused(
            Cli.run("summary", "--batch-size", "1", "--layers", "8,M,8", "--image-size", "2"));
    assertTrue(line.startsWith("vgg: --batch-size must give batch norm"), line);
  }

  @Test
  void aNetThatNoMemoryHolds() throws IOException {
    String line = train("memory", "--data", "sample", "--width", "16", "--device", "cpu");
    assertTrue(line.contains("--batch-size"), line);
  }

  @Test
  void foldersWithoutTheData() throws IOException {
    Path empty = Files.createDirectories(shared.resolve("empty"));
    train("has neither folders of pictures nor files of a data set", "--data", empty.toString());
    train("missing does not exist", "--data", shared.resolve("missing").toString());
  }

  @Test
  void anOutThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(shared.resolve("file"), "text");
    for (Path out : List.of(file, file.resolve("below"))) {
      String line = Cli.refused(Cli.train(out, "--data", "sample", "--train-limit", "8"));
      assertTrue(line.contains("--out " + out), line);
    }
    assertEquals("text", Files.readString(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "metrics.jsonl", "model.safetensors"})
  void anOutThatHoldsARunAlready(String name) throws IOException {
    Path run = Files.createDirectories(folder.resolve("run"));
    Files.writeString(run.resolve(name), "precious");
    String line = Cli.refused(Cli.train(run, "--data", "sample", "--train-limit", "8"));
    assertTrue(line.contains("holds a run already"), line);
    assertEquals(List.of(name), Cli.names(run));
    assertEquals("precious", Files.readString(run.resolve(name)));
  }

  /** What may be wrong with one of the four files. */
  enum Damage {
    TRUNCATED_GZ("train-images", "too early"),
    CORRUPT_GZ("t10k-images", "is not a usable IDX file: "),
    NO_GZ("train-labels", "neither an IDX file nor one in gzip format"),
    EMPTY("train-labels", "ends after 0"),
    WRONG_MAGIC("train-images", "magic"),
    TRUNCATED_IDX("t10k-images", "ends after"),
    OVERFLOWING("train-images", "extents"),
    INFLATES_FURTHER("t10k-labels", "more than"),
    COUNTS_DIFFER("train-labels", "images but"),
    LABEL_OUT_OF_RANGE("t10k-labels", "label 10");

    private final String file;
    private final String word;

    Damage(String file, String word) {
      this.file = file;
      this.word = word;
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void damagedData(Damage damage) throws IOException {
    Path data =
        IdxFolder.write(
            shared.resolve("fashion-" + damage.name()),
            sample.train().limit(20),
            sample.test().limit(10));
    Path file =
        data.resolve(
            damage.file + (damage.file.endsWith("images") ? "-idx3-ubyte.gz" : "-idx1-ubyte.gz"));
    byte[] whole = Files.readAllBytes(file);
    int[] count = {10};
    switch (damage) {
      case TRUNCATED_GZ -> Files.write(file, Arrays.copyOf(whole, whole.length / 2));
      case CORRUPT_GZ -> {
        Arrays.fill(whole, whole.length / 2, whole.length / 2 + 20, (byte) 0x55);
        Files.write(file, whole);
      }
      case NO_GZ -> Files.writeString(file, "<html>not found</html>");
      case EMPTY -> Files.write(file, new byte[0]);
      case WRONG_MAGIC -> IdxFolder.file(file, 0x0d03, new int[] {20, 28, 28}, new byte[20 * 784]);
      case TRUNCATED_IDX -> IdxFolder.file(file, 0x0803, new int[] {10, 28, 28}, new byte[9 * 784]);
      case OVERFLOWING ->
          IdxFolder.file(file, 0x0803, new int[] {1 << 16, 1 << 16, 1}, new byte[100]);
      case INFLATES_FURTHER -> IdxFolder.file(file, 0x0801, count, new byte[1 << 20]);
      case COUNTS_DIFFER -> IdxFolder.file(file, 0x0801, count, new byte[10]);
      case LABEL_OUT_OF_RANGE ->
          IdxFolder.file(file, 0x0801, count, new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 10});
    }
    String line = train(damage.word, "--data", data.toString());
    assertTrue(line.contains(file.toString()), line);
    Cli.refused(Cli.run("evaluate", model.toString(), "--data", data.toString()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"missing", "folder", "truncated", "text", "huge", "overlap", "outside", "shapes"})
  void modelsThatAreNone(String damage) throws IOException {
    Path file = folder.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(model);
    switch (damage) {
      case "missing" -> {}
      case "folder" -> Files.createDirectory(file);
      case "truncated" -> Files.write(file, Arrays.copyOf(whole, whole.length - 1));
      case "text" -> Files.writeString(file, "no model at all");
      case "huge" -> {
        ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1L << 60);
        Files.write(file, whole);
      }
      case "overlap" -> Files.write(file, tensors("[0,8]", "[4,12]"));
      case "outside" -> Files.write(file, tensors("[0,8]", "[8,16]"));
      default -> Files.write(file, tensors("[0,8]", "[8,12]"));
    }
    Path image = Files.write(shared.resolve("any.bmp"), bitmap());
    for (String[] arguments :
        new String[][] {
          {"evaluate", file.toString(), "--data", "sample", "--device", "cpu"},
          {"predict", file.toString(), image.toString()}
        }) {
      String line = Cli.refused(Cli.run(arguments));
      assertTrue(line.contains(file.toString()), line);
    }
  }

  /** Returns a file of two small tensors and 12 bytes of data. */
  private static byte[] tensors(String first, String second) {
    String header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":%s},".formatted(first)
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":%s}}"
                .formatted(second.equals("[8,12]") ? 1 : 2, second);
    byte[] json = header.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(8 + json.length + 12)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  @Test
  void flagsOfEvaluate() {
    for (String[] flags :
        new String[][] {
          {"--batch-size", "0"},
          {"--batch-size", "2147483647"},
          {"--test-limit", "0"},
          {"--device", "gpu"},
          {"--threads", "0"},
          {"--data", shared.resolve("missing").toString()}
        }) {
      List<String> arguments = new ArrayList<>(List.of("evaluate", model.toString()));
      arguments.addAll(List.of("--data", "sample"));
      if (flags[0].equals("--data")) {
        arguments.subList(2, 4).clear();
      }
      arguments.addAll(List.of(flags));
      String line = Cli.refused(Cli.run(arguments.toArray(new String[0])));
      assertTrue(line.contains(flags[0]), line);
    }
  }

  @Test
  void imagesThatAreNone() throws IOException {
    Path text = Files.writeString(folder.resolve("text.png"), "no image");
    Path cut = Files.write(folder.resolve("cut.bmp"), Arrays.copyOf(bitmap(), 60));
    Path good = Files.write(folder.resolve("good.bmp"), bitmap());
    for (Path image : List.of(text, cut, folder, folder.resolve("missing.png"))) {
      String line =
          Cli.refused(Cli.run("predict", model.toString(), good.toString(), image.toString()));
      assertTrue(line.contains(image.toString()), line);
    }
    Cli.refused(Cli.run("predict", model.toString(), good.toString(), "--invert", "perhaps"));
    Cli.Result result = Cli.run("predict", model.toString(), good.toString());
    assertEquals(0, result.code(), result.err());
    assertEquals(good.toString(), result.outLines().get(0));
    assertEquals(6, result.outLines().size(), result.out());
    assertTrue(result.outLines().get(1).matches(" +[0-9]+\\.[0-9]{2} %  .+"), result.out());
  }

  /** Returns a white picture of 8 x 8. */
  private static byte[] bitmap() throws IOException {
    java.awt.image.BufferedImage image =
        new java.awt.image.BufferedImage(8, 8, java.awt.image.BufferedImage.TYPE_INT_RGB);
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    for (int i = 0; i < 64; i++) {
      image.setRGB(i % 8, i / 8, 0xFFFFFF);
    }
    javax.imageio.ImageIO.write(image, "bmp", bytes);
    return bytes.toByteArray();
  }

  @Test
  void helpAndVersionAreNoFailures() {
    for (String command : List.of("", "train", "evaluate", "predict", "summary")) {
      Cli.Result help = command.isEmpty() ? Cli.run("--help") : Cli.run(command, "--help");
      assertEquals(0, help.code());
      assertEquals("", help.err());
      assertTrue(help.out().toLowerCase(Locale.ROOT).contains("usage: vgg " + command), help.out());
    }
    assertTrue(Cli.run("--version").out().startsWith("vgg4j "));
  }
}
