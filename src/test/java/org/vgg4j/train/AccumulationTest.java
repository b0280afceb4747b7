package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;

/** Several passes a step are one pass over all their images. */
final class AccumulationTest {
  private static final int IMAGES = 22; // of batches of 4 the last has 2; of steps of 3 the last 2

  @Test
  void threePassesOfFourAreOnePassOfTwelve() {
    double[][] together = trained(12, 1);
    requireClose(together, trained(4, 3));
    requireClose(together, trained(12, 1, 3));
    double[][] smaller = trained(4, 1);
    assertTrue(Math.abs(together[0][0] - smaller[0][0]) > 1e-6);
  }

  /** Requires the same up to the order of the sums of 22 images, through 6 steps of Adam. */
  private static void requireClose(double[][] expected, double[][] actual) {
    assertFalse(Arrays.deepEquals(expected, actual), "the passes were one");
    for (int p = 0; p < expected.length; p++) {
      for (int i = 0; i < expected[p].length; i++) {
        if (!(Math.abs(expected[p][i] - actual[p][i]) <= 1e-9)) {
          fail("parameter " + p + "[" + i + "]: " + expected[p][i] + " and " + actual[p][i]);
        }
      }
    }
  }

  /** Returns the parameters of a small net without batch norm and dropout after three epochs. */
  private static double[][] trained(int batchSize, int accumulate) {
    return trained(batchSize, accumulate, 1);
  }

  private static double[][] trained(int batchSize, int accumulate, int split) {
    VggConfig config =
        VggConfig.builder()
            .layers("3,M,4,M")
            .batchNorm(false)
            .channels(1)
            .classes(3)
            .imageSize(8)
            .hidden(5)
            .dropout(0)
            .build();
    TrainingOptions options =
        new TrainingOptions(3, batchSize, accumulate, 1e-2, LearningRateSchedule.CONSTANT, 1)
            .withSplit(split);
    ImageSource data = images();
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg =
            Vgg.build(
                config,
                Initialization.PYTORCH,
                NetworkOptions.training(Trainer.batchSizes(batchSize, data.size(), split)),
                backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      trainer.fit(data, data, new TrainingListener() {});
      assertEquals(3L * new BatchSchedule(IMAGES, batchSize, accumulate).steps(), trainer.step());
      return vgg.network().parameters().stream()
          .map(AccumulationTest::values)
          .toArray(double[][]::new);
    }
  }

  private static double[] values(Parameter parameter) {
    double[] values = new double[parameter.shape().arrayLength()];
    parameter.value().download(values);
    return values;
  }

  private static ImageSource images() {
    byte[] pixels = new byte[IMAGES * 64];
    int[] labels = new int[IMAGES];
    long key = CounterRandom.key(3, 3, 3);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    for (int i = 0; i < IMAGES; i++) {
      labels[i] = i % 3;
    }
    return new InMemoryImages(
        "random", new ImageShape(1, 8, 8), List.of("a", "b", "c"), pixels, labels);
  }
}
