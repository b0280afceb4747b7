package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.testing.ShapePictures;
import org.vgg4j.testing.TinyNets;

/** What {@code evaluate} prints, writes and refuses of the paper's ways of testing. */
final class PaperTestCommandTest {
  private static final int IMAGES = 12;

  @TempDir private static Path folder;
  private static String model;
  private static String other; // of another seed and scale
  private static String larger; // of images of 16 x 16
  private static Path pictures;

  @BeforeAll
  static void train() throws IOException {
    model = trained("one", "--seed", "1");
    other = trained("two", "--seed", "2", "--resize", "10");
    larger = folder.resolve("larger.safetensors").toString();
    VggConfig config = TinyNets.config("4,M,6,M", false, 10, 0.5).toBuilder().imageSize(16).build();
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), backend)) {
      ModelFile.save(vgg, FashionMnist.CLASS_NAMES, Path.of(larger));
    }
    pictures = ShapePictures.write(folder.resolve("shapes"), 2, 0, 1);
  }

  private static String trained(String name, String... more) {
    List<String> flags =
        new ArrayList<>(List.of("--data", "sample", "--train-limit", "320", "--test-limit", "20"));
    flags.addAll(List.of("--epochs", "1", "--batch-size", "32"));
    flags.addAll(List.of(more));
    Path run = folder.resolve(name);
    Cli.Result result = Cli.train(run, flags.toArray(String[]::new));
    assertEquals(0, result.code(), result.err());
    return run.resolve("model.safetensors").toString();
  }

  private static Cli.Result evaluate(String... more) {
    List<String> arguments = new ArrayList<>(List.of("evaluate"));
    arguments.addAll(List.of("--data", "sample", "--test-limit", "" + IMAGES, "--device", "cpu"));
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(String[]::new));
  }

  private static List<String> done(String... more) {
    Cli.Result result = evaluate(more);
    assertEquals(0, result.code(), result.err());
    return result.outLines();
  }

  @Test
  void errorsAndCalibrationStandBelowTheAccuracy() {
    List<String> lines = done(model);
    String accuracy = lines.get(0).replaceAll("test acc ([0-9.]+), top-5 ([0-9.]+) .*", "$1 $2");
    String[] both = accuracy.split(" ", -1);
    String errors =
        "top-1 error %.2f%%, top-5 error %.2f%%, calibration error "
            .formatted(
                100 * (1 - Double.parseDouble(both[0])), 100 * (1 - Double.parseDouble(both[1])));
    assertTrue(lines.get(1).startsWith(errors), lines.get(1));
    assertTrue(lines.get(1).endsWith("% (ECE, 15 bins)"), lines.get(1));
    assertEquals("", lines.get(2));
  }

  @Test
  void aDenseTestAtTheNetsSizeIsThePlainOne() throws IOException {
    List<String> plain = done(model);
    assertEquals(plain, done(model, "--dense"));
    assertEquals(plain, done(model, "--scales", "8"));
    double[] middle = probabilities(model);
    assertArrayEquals(middle, probabilities(model, "--dense"), 1e-5);
    assertFalse(Arrays.equals(middle, probabilities(model, "--dense", "--scales", "13")));
    assertFalse(Arrays.equals(middle, probabilities(model, "--flip")));
  }

  @Test
  void posteriorsAreWrittenForEachImage() throws IOException {
    Path file = folder.resolve("p.csv");
    String[] flags = {
      model, "--scales=8,11", "--dense", "--crops=50", "--flip", "--posteriors=" + file
    };
    Cli.Result result = evaluate(flags);
    assertEquals(0, result.code(), result.err());
    String said = "shown: whole pictures both ways round and 50 crops at scales 8, 11";
    assertTrue(result.err().contains(said), result.err());
    List<String> lines = Files.readAllLines(file);
    assertEquals(
        "image,label,T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
        lines.get(0));
    assertEquals(1 + IMAGES, lines.size());
    int right = 0;
    for (int i = 0; i < IMAGES; i++) {
      String[] cells = lines.get(1 + i).split(",", -1);
      assertEquals("" + i, cells[0]);
      double[] row = Arrays.stream(cells).skip(2).mapToDouble(Double::parseDouble).toArray();
      assertEquals(1, DoubleStream.of(row).sum(), 1e-12);
      double most = DoubleStream.of(row).max().orElseThrow();
      right += row[Integer.parseInt(cells[1])] == most ? 1 : 0;
    }
    assertTrue(result.out().startsWith("test acc %.4f".formatted(right / (double) IMAGES)));
    String message = Cli.refused(evaluate(flags));
    assertEquals("vgg: " + file + " is there already; give --force to write over it", message);
    flags[1] = "--scales=8";
    done(with(flags, "--force"));
    assertFalse(lines.equals(Files.readAllLines(file)));
  }

  private static String[] with(String[] flags, String more) {
    String[] all = Arrays.copyOf(flags, flags.length + 1);
    all[flags.length] = more;
    return all;
  }

  @Test
  void severalModelsAreAveraged() throws IOException {
    double[] first = probabilities(model, "--dense");
    double[] second = probabilities(other, "--dense");
    double[] both = probabilities(model, other, "--dense");
    assertFalse(Arrays.equals(first, second));
    for (int i = 0; i < first.length; i++) {
      assertEquals((first[i] + second[i]) / 2, both[i], 1e-15);
    }
  }

  private static double[] probabilities(String... flags) throws IOException {
    Path file = Files.createTempFile(folder, "each", ".csv");
    done(with(with(flags, "--force"), "--posteriors=" + file));
    return Files.readAllLines(file).stream()
        .skip(1)
        .flatMap(line -> Arrays.stream(line.split(",", -1)).skip(2))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  @Test
  void modelsOfOtherClassesAreRefusedBeforeOneRuns() {
    Cli.Result shapes =
        Cli.train(
            folder.resolve("shapes-run"),
            "--data",
            pictures.toString(),
            "--split",
            "0.5",
            "--epochs",
            "1");
    assertEquals(0, shapes.code(), shapes.err());
    String third = folder.resolve("shapes-run").resolve("model.safetensors").toString();
    assertEquals(
        "vgg: "
            + third
            + " has other classes than "
            + model
            + " (class 0 is checkers, not T-shirt/top); models of the same classes can be averaged",
        Cli.refused(evaluate(model, third)));
  }

  @Test
  void scalesAreLookedAtBeforeAModelRuns() {
    String line = Cli.refused(evaluate(model, larger, "--scales=9", "--dense"));
    assertEquals("vgg: --scales must be at least the net's image size, 16, not 9", line);
  }

  @Test
  void picturesOfAnyShapeAreKeptAsLargeAsTheLargestScale() throws IOException {
    Path run = folder.resolve("pictures-run");
    Cli.Result trained =
        Cli.train(run, "--data", pictures.toString(), "--split", "0.5", "--epochs", "1");
    assertEquals(0, trained.code(), trained.err());
    String shapes = run.resolve("model.safetensors").toString();
    List<String> lines = pictures(shapes, "--scales=8,19", "--crops=50", "--flip");
    assertEquals(21, lines.size());
    assertTrue(lines.get(1).startsWith(pictures.resolve("checkers/000.jpg") + ",0,"), lines.get(1));
    lines = pictures(shapes, "--scales=8,19");
    assertEquals(pictures(shapes, "--scales=8,19", "--cache-size=19"), lines);
    assertFalse(lines.equals(pictures(shapes, "--scales=8,19", "--cache-size=8")));
  }

  private static List<String> pictures(String net, String... flags) throws IOException {
    Path file = Files.createTempFile(folder, "pictures", ".csv");
    List<String> all = new ArrayList<>(List.of("evaluate", net, "--data=" + pictures));
    all.addAll(List.of("--device=cpu", "--dense", "--force", "--posteriors=" + file));
    all.addAll(List.of(flags));
    Cli.Result result = Cli.run(all.toArray(String[]::new));
    assertEquals(0, result.code(), result.err());
    return Files.readAllLines(file);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--scales=7;     --scales must be at least the net's image size, 8, not 7",
        "--scales=8,x;   '--scales must be numbers of pixels with commas between, not ''8,x'''",
        "--scales=8,8;   '--scales has one twice: [8, 8]'",
        "--scales=0;     '--scales must be at least 1, not 0'",
        "--crops=49;     '--crops must be 50, a grid of 5x5 with both sides, not 49'",
        "--dense=maybe;  '--dense'",
        "--crops=x;      '--crops'",
        "--posteriors=/; '/ is a folder; name a file'"
      })
  void whatCannotBeUsedIsRefused(String flag, String message) {
    String line = Cli.refused(evaluate(model, flag));
    assertTrue(line.contains(message), line);
  }
}
