package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.MixedImages;
import org.vgg4j.data.preprocessing.ImageView;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.FullyConvolutional;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;
import org.vgg4j.testing.TinyNets;

/**
 * What a test makes of pictures of many shapes, against the same done picture by picture. An
 * engine's test is a subclass that opens it.
 */
abstract class PaperTestTest {
  static final int SIDE = 8;
  static final ImageSource PICTURES = new MixedImages(9);
  static final Preprocessing HOW =
      Preprocessing.ofPictures(3, SIDE)
          .withNormalization(List.of(0.4, 0.5, 0.6), List.of(0.25, 0.3, 0.2));
  static final VggConfig CONFIG =
      TinyNets.config("4,M,6,M", true, PICTURES.classNames().size(), 0.5).toBuilder()
          .channels(3)
          .build();

  /** Opens the engine under test. */
  abstract Backend open();

  /** Returns the largest error of a probability. */
  abstract double tolerance();

  private static Posteriors run(Vgg vgg, TestOptions options) {
    return PaperTest.run(vgg, HOW, PICTURES, options, TestProgress.NONE, () -> false);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "8;      false; false; true",
        "11;     false; false; false",
        "8,9,13; false; false; true",
        "8;      true;  false; false",
        "13;     true;  false; true",
        "12;     false; true;  false",
        "8,17;   true;  true;  true"
      })
  void allThatIsShownIsAveraged(String scales, boolean dense, boolean crops, boolean flip) {
    TestOptions options = new TestOptions(TestOptions.scales(scales), dense, crops, flip);
    try (Backend backend = open();
        Vgg vgg = TinyNets.random(CONFIG, NetworkOptions.inference(4), backend)) {
      Posteriors actual = run(vgg, options);
      assertEquals(PICTURES.size(), actual.images());
      try (Network whole = FullyConvolutional.of(vgg, 1 << 24)) {
        for (int image = 0; image < PICTURES.size(); image++) {
          double[] expected = expected(image, options, vgg.network(), whole);
          double[] row = actual.row(image);
          assertEquals(PICTURES.label(image), actual.label(image));
          assertEquals(1, Arrays.stream(row).sum(), 1e-12);
          for (int c = 0; c < row.length; c++) {
            double difference = Math.abs(row[c] - expected[c]);
            assertTrue(difference <= tolerance(), image + ": " + difference);
          }
        }
      }
    }
  }

  /** Returns what a test must say of an image, by loops over single pictures. */
  private static double[] expected(int image, TestOptions options, Network net, Network whole) {
    List<double[]> ofScales = new ArrayList<>();
    for (int scale : options.scales()) {
      ImageShape from = PICTURES.shape(image);
      ImageView view = ImageView.whole(HOW, scale, from);
      int height = view.window().rows();
      int width = view.window().columns();
      float[] picture = new float[3 * height * width];
      new PreprocessedImages(PICTURES, ImageViews.of(HOW))
          .read(image, from, view, FloatBuffer.wrap(picture), 0);
      List<double[]> ways = new ArrayList<>();
      if (options.dense()) {
        ways.add(sides(picture, height, width, options.flip(), whole));
      }
      if (options.crops()) {
        List<double[]> crops = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
          int top = (height - SIDE) * (i / 5) / 4;
          int left = (width - SIDE) * (i % 5) / 4;
          crops.add(sides(square(picture, height, width, top, left), SIDE, SIDE, true, net));
        }
        ways.add(mean(crops));
      }
      if (!options.dense() && !options.crops()) {
        int top = (int) Math.rint((height - SIDE) / 2.0);
        int left = (int) Math.rint((width - SIDE) / 2.0);
        float[] middle = square(picture, height, width, top, left);
        ways.add(sides(middle, SIDE, SIDE, options.flip(), net));
      }
      ofScales.add(mean(ways));
    }
    return mean(ofScales);
  }

  private static float[] square(float[] picture, int height, int width, int top, int left) {
    float[] square = new float[3 * SIDE * SIDE];
    for (int i = 0; i < square.length; i++) {
      int row = i / SIDE % SIDE;
      square[i] = picture[(i / (SIDE * SIDE) * height + top + row) * width + left + i % SIDE];
    }
    return square;
  }

  private static double[] sides(float[] picture, int height, int width, boolean flip, Network net) {
    float[] mirrored = new float[picture.length];
    for (int i = 0; i < picture.length; i++) {
      mirrored[i] = picture[i / width * width + width - 1 - i % width];
    }
    double[] straight = softmax(picture, height, width, net);
    return flip ? mean(List.of(straight, softmax(mirrored, height, width, net))) : straight;
  }

  private static double[] softmax(float[] picture, int height, int width, Network net) {
    Execution at = net.execution(Shape.of(1, 3, height, width));
    at.input().upload(picture);
    double[] logits = new double[CONFIG.classes()];
    at.forward(false).download(logits);
    double most = Arrays.stream(logits).max().orElseThrow();
    double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - most)).sum();
    return Arrays.stream(logits).map(logit -> Math.exp(logit - most) / sum).toArray();
  }

  private static double[] mean(List<double[]> all) {
    double[] mean = new double[all.get(0).length];
    for (double[] each : all) {
      for (int c = 0; c < mean.length; c++) {
        mean[c] += each[c] / all.size();
      }
    }
    return mean;
  }

  @Test
  void thePlainTestIsTheEvaluators() {
    try (Backend backend = open();
        Vgg vgg = TinyNets.random(CONFIG, NetworkOptions.inference(4), backend)) {
      Evaluation expected = Evaluator.evaluate(vgg, HOW, PICTURES);
      Evaluation plain = run(vgg, TestOptions.PLAIN).evaluation(PICTURES.classNames());
      assertTrue(Arrays.deepEquals(expected.confusion(), plain.confusion()));
      assertEquals(expected.inTopFive(), plain.inTopFive());
      assertEquals(expected.meanLoss(), plain.meanLoss(), 1e-9);
      assertEquals(expected.calibrationError(), plain.calibrationError(), 1e-12);
      // At the net's own scale what is shown is the same, by another way into the net.
      TestOptions own = new TestOptions(List.of(SIDE), false, false, false);
      Posteriors scaled = run(vgg, own);
      Posteriors direct = run(vgg, TestOptions.PLAIN);
      for (int i = 0; i < PICTURES.size(); i++) {
        for (int c = 0; c < CONFIG.classes(); c++) {
          double difference = Math.abs(scaled.row(i)[c] - direct.row(i)[c]);
          assertTrue(difference <= tolerance(), i + ": " + difference);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 2", "false, 1"})
  void aTestTellsHowFarItIsAndStops(boolean dense, int scales) {
    List<Integer> some = scales == 1 ? List.of() : List.of(8, 10);
    TestOptions options = new TestOptions(some, dense, false, false);
    try (Backend backend = open();
        Vgg vgg = TinyNets.random(CONFIG, NetworkOptions.inference(4), backend)) {
      List<Long> done = new ArrayList<>();
      long all = (long) scales * PICTURES.size();
      TestProgress progress =
          (now, of) -> {
            assertEquals(all, of);
            done.add(now);
          };
      PaperTest.run(vgg, HOW, PICTURES, options, progress, () -> false);
      assertEquals(done.stream().sorted().distinct().toList(), done);
      assertEquals(all, done.get(done.size() - 1));
      int[] asked = new int[1];
      assertNull(
          PaperTest.run(vgg, HOW, PICTURES, options, TestProgress.NONE, () -> ++asked[0] == 3));
      assertEquals(3, asked[0]);
    }
  }
}
