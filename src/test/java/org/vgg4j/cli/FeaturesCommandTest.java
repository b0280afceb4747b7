package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.evaluation.Classifier;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.model.ConfigHints;
import org.vgg4j.model.ModelFile;
import org.vgg4j.model.TorchvisionFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.tensor.Backend;

/** The features in the files are what the last layer makes the model's answers of. */
final class FeaturesCommandTest {
  private static final int TRAIN = 70; // more than a batch
  private static final int TEST = 5;
  private static final int WIDTH = 6;
  private static final int CLASSES = 10;
  private static final String LAYERS = "4,M,4,M,4,M,4,M,4,M";

  @TempDir private Path folder;

  private Path model;

  @BeforeEach
  void write() throws IOException {
    model =
        new TorchvisionFile(LAYERS, false, 1, CLASSES, 32, WIDTH)
            .byFormula()
            .write(folder.resolve("model.safetensors"), Map.of());
  }

  private Cli.Result features(String out, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "features",
                "--model=" + model,
                "--layers=" + LAYERS,
                "--data=sample",
                "--train-limit=" + TRAIN,
                "--test-limit=" + TEST,
                "--device=cpu",
                folder.resolve(out).toString()));
    arguments.addAll(Arrays.asList(more));
    return Cli.run(arguments.toArray(String[]::new));
  }

  @Test
  void bothFilesHoldTheInputOfTheLastLayer() throws IOException {
    Cli.Result result = features("f.safetensors");
    assertEquals(0, result.code(), result.err());
    assertEquals(
        folder.resolve("f.safetensors") + ": 75 images, 6 features each", result.out().strip());
    assertEquals(0, features("f.csv").code());
    List<String> lines = Files.readAllLines(folder.resolve("f.csv"));
    assertEquals("image,label,class,f0,f1,f2,f3,f4,f5", lines.get(0));
    assertEquals(1 + TRAIN + TEST, lines.size());
    FashionMnist set =
        FashionMnist.load("sample", DataPlaces.ofThisMachine(), DownloadListener.NONE);
    try (SafeTensorsReader file = SafeTensorsReader.open(folder.resolve("f.safetensors"));
        SafeTensorsReader weights = SafeTensorsReader.open(model)) {
      file.verify();
      assertEquals(List.of(75L, 6L), file.tensor("features").shape());
      assertEquals("{\"train\":70,\"test\":5}", file.metadata().get("vgg4j.parts"));
      assertTrue(file.metadata().get("vgg4j.classes").contains("\"Ankle boot\""));
      double[] features = TestTensors.doubles(file, "features");
      double[] w = TestTensors.doubles(weights, "classifier.6.weight");
      double[] b = TestTensors.doubles(weights, "classifier.6.bias");
      double[] train = answers(set.train().limit(TRAIN));
      double[] test = answers(set.test().limit(TEST));
      for (int i = 0; i < TRAIN + TEST; i++) {
        boolean isTrain = i < TRAIN;
        int image = isTrain ? i : i - TRAIN;
        int label = (isTrain ? set.train() : set.test()).label(image);
        assertEquals(label, labels()[i]);
        String[] cells = lines.get(1 + i).split(",", -1);
        assertEquals((isTrain ? "train/" : "test/") + image, cells[0]);
        assertEquals(Integer.toString(label), cells[1]);
        assertEquals(FashionMnist.CLASS_NAMES.get(label), cells[2]);
        double[] row = Arrays.copyOfRange(features, i * WIDTH, (i + 1) * WIDTH);
        assertArrayEquals(
            row, Arrays.stream(cells).skip(3).mapToDouble(Float::parseFloat).toArray());
        double[] expected =
            Arrays.copyOfRange(isTrain ? train : test, image * CLASSES, (image + 1) * CLASSES);
        double[] actual = softmax(row, w, b);
        for (int c = 0; c < CLASSES; c++) {
          // Single precision over sums of a few values.
          assertEquals(expected[c], actual[c], 1e-5, i + " " + c);
        }
      }
    }
  }

  private int[] labels() throws IOException {
    try (SafeTensorsReader file = SafeTensorsReader.open(folder.resolve("f.safetensors"))) {
      IntBuffer values = file.read("labels", SafeTensorType.I32).asIntBuffer();
      int[] labels = new int[values.remaining()];
      values.get(labels);
      return labels;
    }
  }

  private static double[] softmax(double[] features, double[] w, double[] b) {
    double[] y = new double[CLASSES];
    double sum = 0;
    for (int c = 0; c < CLASSES; c++) {
      y[c] = b[c];
      for (int i = 0; i < WIDTH; i++) {
        y[c] += w[c * WIDTH + i] * features[i];
      }
      y[c] = Math.exp(y[c]);
      sum += y[c];
    }
    for (int c = 0; c < CLASSES; c++) {
      y[c] /= sum;
    }
    return y;
  }

  /** Returns the probability of each class for each image, from the whole net. */
  private double[] answers(ImageSource images) throws IOException {
    try (Backend engine = Backends.open("reference").backend();
        ModelFile.Loaded loaded =
            ModelFile.load(
                model, new ConfigHints(LAYERS, null), NetworkOptions.inference(5), engine)) {
      double[] probabilities = new double[images.size() * CLASSES];
      int[] image = new int[1];
      Classifier.top(loaded.vgg(), loaded.preprocessing(), loaded.classNames(), images, CLASSES)
          .forEach(
              answers -> {
                answers.forEach(
                    answer ->
                        probabilities[image[0] * CLASSES + answer.label()] = answer.probability());
                image[0]++;
              });
      return probabilities;
    }
  }

  @Test
  void aPartCanBeWrittenAloneAndOverAFileOnlyByForce() throws IOException {
    assertEquals(0, features("f.csv", "--part=test").code());
    assertEquals(1 + TEST, Files.readAllLines(folder.resolve("f.csv")).size());
    byte[] before = Files.readAllBytes(folder.resolve("f.csv"));
    assertEquals(
        "vgg: " + folder.resolve("f.csv") + " is there already; give --force to write over it",
        Cli.refused(features("f.csv", "--part=train")));
    assertArrayEquals(before, Files.readAllBytes(folder.resolve("f.csv")));
    assertEquals(0, features("f.csv", "--part=train", "--force").code());
    assertEquals(1 + TRAIN, Files.readAllLines(folder.resolve("f.csv")).size());
    assertEquals(List.of("f.csv", "model.safetensors"), Cli.names(folder));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          f.txt       | --part=all     | f.txt must end with .safetensors or .csv, which says how it is written
          f.csv       | --part=some    | --part must be one of all, train, test, not some
          none/f.csv  | --part=all     | none/f.csv cannot be written: there is no folder
          f.csv       | --batch-size=0 | --batch-size must be at least 1, not 0
          f.csv       | --data=nowhere | nowhere
          """)
  void unusableArgumentsAreALine(String out, String more, String expected) throws IOException {
    String line =
        Cli.refused(
            more.startsWith("--data")
                ? Cli.run("features", "--model=" + model, "--layers=" + LAYERS, more, "f.csv")
                : features(out, more));
    assertTrue(line.contains(expected), line);
    assertEquals(List.of("model.safetensors"), Cli.names(folder));
  }

  @Test
  void aFileThatIsNoNetIsALine() throws IOException {
    Path none = folder.resolve("none.safetensors");
    Files.writeString(none, "text");
    for (String command : List.of("--start-from", "--init-from")) {
      String line = Cli.refused(Cli.train(folder.resolve("run"), command, none.toString()));
      assertTrue(line.startsWith("vgg: " + none), line);
      line = Cli.refused(Cli.train(folder.resolve("run"), command, folder.resolve("x").toString()));
      String missing = "vgg: %s must be a model or a run with one: %s is not there; check the path";
      assertEquals(missing.formatted(command, folder.resolve("x")), line);
      line = Cli.refused(Cli.run("train", command, folder.toString() + "/.."));
      assertTrue(line.startsWith("vgg: " + command + " must be a model or a run with one: "), line);
    }
    String line =
        Cli.refused(
            Cli.train(folder.resolve("run"), "--start-from", model.toString(), "--init-from", "x"));
    assertEquals(
        "vgg: --init-from is for a net that is drawn, and all weights of this one come from "
            + model
            + "; leave one of them out",
        line);
    assertTrue(Files.notExists(folder.resolve("run")));
  }
}
