package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.testing.TinyNets;

/** The figures of an evaluation, and the run over a data set that they come from. */
final class EvaluationTest {
  /** Of {@link TinyNets}. */
  private static final Preprocessing PREPROCESSING = Preprocessing.of(1, 8);

  @Test
  void figuresByHand() {
    long[][] confusion = {{5, 1, 0, 0}, {2, 3, 1, 0}, {0, 0, 8, 0}, {0, 0, 0, 0}};
    Evaluation evaluation = new Evaluation(0.5, confusion, 19, 0.25, List.of("a", "b", "c", "d"));
    assertEquals(20, evaluation.count());
    assertEquals(16 / 20.0, evaluation.accuracy());
    assertEquals(19 / 20.0, evaluation.topFiveAccuracy());
    assertEquals(6, evaluation.support(0));
    assertEquals(5 / 6.0, evaluation.recall(0));
    assertEquals(5 / 7.0, evaluation.precision(0));
    assertEquals(3 / 6.0, evaluation.recall(1));
    assertEquals(3 / 4.0, evaluation.precision(1));
    assertEquals(1, evaluation.recall(2));
    assertEquals(8 / 9.0, evaluation.precision(2));
    assertEquals(0, evaluation.support(3));
    assertTrue(Double.isNaN(evaluation.recall(3)));
    assertTrue(Double.isNaN(evaluation.precision(3)));
  }

  @Test
  void theSoftmaxByHand() {
    double[] logits = {9, 1, 2, 3, 9, 1000, -1000, 1000};
    double sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
    double[] expected = {1 - Math.log(sum), 2 - Math.log(sum), 3 - Math.log(sum)};
    assertArrayEquals(expected, Softmax.logSoftmax(logits, 1, 3), 1e-15);
    assertEquals(2, Softmax.argMax(logits, 1, 3));
    double half = -Math.log(2);
    assertArrayEquals(
        new double[] {half, -2000 + half, half}, Softmax.logSoftmax(logits, 5, 3), 1e-12);
    assertEquals(0, Softmax.argMax(logits, 5, 3)); // the first of equals
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void everyImageIsSeenOnceInOrder(String device) {
    ImageSource data = TinyNets.noise(11, 3);
    try (Backend backend = Backends.open(device).backend()) {
      List<double[]> one = logits(data, 1, backend);
      for (int batchSize : new int[] {3, 4, 11, 16}) {
        List<double[]> batched = logits(data, batchSize, backend);
        assertEquals(11, batched.size());
        for (int i = 0; i < 11; i++) {
          // Sums of at most 54 products of floats, in another order at another batch size.
          assertArrayEquals(one.get(i), batched.get(i), 1e-4, "image " + i + " of " + batchSize);
        }
      }
      // A smaller last batch must not leave the images of the one before it.
      assertTrue(Math.abs(one.get(10)[0] - one.get(9)[0]) > 1e-3);
    }
  }

  /** Returns each image's logits, its label behind them. */
  private static List<double[]> logits(ImageSource data, int batchSize, Backend backend) {
    List<double[]> rows = new ArrayList<>();
    try (Vgg vgg =
        TinyNets.random(
            TinyNets.config("4,M,6,M", true, 3, 0.5),
            NetworkOptions.inference(batchSize),
            backend)) {
      Predictor.run(
          vgg,
          PREPROCESSING,
          data,
          (label, logits, offset) -> {
            double[] row = Arrays.copyOfRange(logits, offset, offset + 4);
            row[3] = label;
            rows.add(row);
          });
    }
    return rows;
  }

  @Test
  void theConfusionIsCountedFromTheLogits() {
    ImageSource data = TinyNets.noise(50, 3);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("4,M,6,M", true, 3, 0.5), NetworkOptions.inference(7), backend)) {
      long[][] expected = new long[3][3];
      double loss = 0;
      for (double[] row : logits(data, 50, backend)) {
        int best = row[1] > row[0] ? 1 : 0;
        best = row[2] > row[best] ? 2 : best;
        expected[(int) row[3]][best]++;
        double sum = Math.exp(row[0]) + Math.exp(row[1]) + Math.exp(row[2]);
        loss += Math.log(sum) - row[(int) row[3]];
      }
      Evaluation evaluation = Evaluator.evaluate(vgg, PREPROCESSING, data);
      assertTrue(Arrays.deepEquals(expected, evaluation.confusion()));
      assertEquals(loss / 50, evaluation.meanLoss(), 1e-12);
      assertEquals(50, evaluation.count());
      assertEquals(List.of("c0", "c1", "c2"), evaluation.classNames());
      assertThrows(
          InvalidInputException.class,
          () -> Evaluator.evaluate(vgg, PREPROCESSING, TinyNets.noise(5, 2)));
    }
  }

  /** The engine's own sums, which leave those of a training alone. */
  @ParameterizedTest
  @CsvSource({"cpu, 0", "reference, 1e-6"}) // the reference's logits are rounded when they are read
  void theTotalsAreThoseOfTheLogits(String device, double tolerance) {
    ImageSource data = TinyNets.noise(50, 3);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("4,M,6,M", true, 3, 0.5), NetworkOptions.training(7), backend);
        DataFeed feed = new DataFeed(vgg, PREPROCESSING, data, DataOn.AUTO)) {
      LossTotals trained = new LossTotals(5, 2, 4, 7, -1);
      vgg.network().loss().restoreTotals(trained);
      Evaluation expected = Evaluator.evaluate(vgg, PREPROCESSING, data);
      LossTotals totals = Evaluator.totals(vgg, feed, () -> false);
      assertEquals(50, totals.count());
      assertEquals(expected.accuracy(), totals.accuracy());
      assertEquals(expected.meanLoss(), totals.meanLoss(), tolerance);
      assertEquals(trained, vgg.network().loss().totals());
      assertEquals("the " + device + " engine has no memory of its own", feed.place().reason());
      int[] asked = new int[1];
      assertNull(Evaluator.totals(vgg, feed, () -> ++asked[0] == 3));
      assertEquals(3, asked[0]);
    }
  }

  @Test
  void theMostProbableClassesComeFirst() {
    ImageSource data = TinyNets.noise(5, 3);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("4,M,6,M", true, 3, 0.5), NetworkOptions.inference(2), backend)) {
      List<double[]> logits = logits(data, 2, backend);
      List<List<Classifier.Answer>> answers =
          Classifier.top(vgg, PREPROCESSING, List.of("zero", "one", "two"), data, 9);
      assertEquals(5, answers.size());
      for (int i = 0; i < 5; i++) {
        double sum = 0;
        double before = 1;
        for (Classifier.Answer answer : answers.get(i)) {
          assertTrue(answer.probability() <= before);
          before = answer.probability();
          sum += answer.probability();
          assertEquals(List.of("zero", "one", "two").get(answer.label()), answer.className());
        }
        assertEquals(1, sum, 1e-12);
        assertEquals(Softmax.argMax(logits.get(i), 0, 3), answers.get(i).get(0).label());
      }
      assertEquals(
          1, Classifier.top(vgg, PREPROCESSING, List.of("a", "b", "c"), data, 1).get(4).size());
    }
  }
}
