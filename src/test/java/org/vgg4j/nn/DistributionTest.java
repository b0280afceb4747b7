package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.RealDistribution;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Starting values and dropout against their distributions (Kolmogorov and Smirnov's test). */
class DistributionTest {
  private static final double REJECTED = 1e-6;
  private static final double ACCEPTED = 0.01;

  /** Convolution of 16 to 32 channels: 4,608 weights; first fully connected layer 32 to 200. */
  private static final VggConfig CONFIG =
      VggConfig.builder()
          .layers("16,32,M")
          .imageSize(2)
          .hidden(200)
          .batchNorm(false)
          .classes(10)
          .build();

  private static RealDistribution normal(double deviation) {
    return new NormalDistribution(0, deviation);
  }

  private static RealDistribution uniform(double bound) {
    return new UniformRealDistribution(-bound, bound);
  }

  @ParameterizedTest
  @EnumSource
  void startingValues(Initialization initialization) {
    double scale = 1.3; // a distribution wider by this must be told apart
    switch (initialization) {
      case KAIMING -> {
        check(initialization, "features.2.weight", normal(Math.sqrt(2.0 / (32 * 9))));
        check(initialization, "classifier.0.weight", normal(0.01));
        differs(initialization, "features.2.weight", normal(scale * Math.sqrt(2.0 / (32 * 9))));
        zero(initialization, "features.2.bias", "classifier.0.bias");
      }
      case GLOROT -> {
        check(initialization, "features.2.weight", uniform(Math.sqrt(6.0 / (48 * 9))));
        check(initialization, "classifier.0.weight", uniform(Math.sqrt(6.0 / 232)));
        differs(initialization, "features.2.weight", uniform(scale * Math.sqrt(6.0 / (48 * 9))));
        zero(initialization, "features.2.bias", "classifier.0.bias");
      }
      case PAPER -> {
        check(initialization, "features.2.weight", normal(0.1));
        check(initialization, "classifier.0.weight", normal(0.1));
        differs(initialization, "features.2.weight", normal(scale * 0.1));
        zero(initialization, "features.2.bias", "classifier.0.bias");
      }
      case PYTORCH -> {
        check(initialization, "features.2.weight", uniform(1.0 / 12));
        check(initialization, "features.2.bias", uniform(1.0 / 12));
        check(initialization, "classifier.3.weight", uniform(1 / Math.sqrt(200)));
        check(initialization, "classifier.3.bias", uniform(1 / Math.sqrt(200)));
        differs(initialization, "features.2.weight", uniform(scale / 12));
        differs(initialization, "classifier.3.bias", uniform(3 / Math.sqrt(200)));
      }
      default -> throw new AssertionError(initialization);
    }
  }

  private static void check(Initialization initialization, String name, RealDistribution expected) {
    double p = test(expected, drawn(initialization, name, 1));
    assertTrue(p > ACCEPTED, initialization + " " + name + ": p = " + p);
  }

  private static void differs(Initialization initialization, String name, RealDistribution other) {
    double p = test(other, drawn(initialization, name, 1));
    assertTrue(p < REJECTED, initialization + " " + name + ": p = " + p);
  }

  private static void zero(Initialization initialization, String... names) {
    for (String name : names) {
      double[] values = drawn(initialization, name, 1);
      assertTrue(Arrays.stream(values).allMatch(v -> v == 0), name);
    }
  }

  private static double test(RealDistribution expected, double[] values) {
    return new KolmogorovSmirnovTest().kolmogorovSmirnovTest(expected, values);
  }

  private static double[] drawn(Initialization initialization, String name, long seed) {
    NetworkOptions options = NetworkOptions.inference(1).withSeed(seed);
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = Vgg.build(CONFIG, initialization, options, backend)) {
      return vgg.network().parameters().stream()
          .filter(p -> p.name().equals(name))
          .map(p -> Values.of(p.value()))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void seedsAndParametersDrawApart() {
    double[] one = drawn(Initialization.PAPER, "classifier.0.weight", 1);
    assertTrue(Arrays.equals(one, drawn(Initialization.PAPER, "classifier.0.weight", 1)));
    double[] other = drawn(Initialization.PAPER, "classifier.0.weight", 2);
    double[] next = drawn(Initialization.PAPER, "classifier.3.weight", 1);
    for (int i = 0; i < 100; i++) {
      assertFalse(one[i] == other[i]);
      assertFalse(one[i] == next[i]);
    }
  }

  @Test
  void dropoutDropsAsManyAsItShould() {
    int rows = 200;
    int columns = 10_000;
    double p = 0.3;
    try (Backend backend = new ReferenceBackend();
        Network net =
            Network.build(
                () -> new Dropout(p),
                Shape.of(columns),
                NetworkOptions.training(rows).withSeed(5),
                backend)) {
      Tensor x = net.input(rows);
      Values.fill(x, 1);
      assertSame(x, net.forward(x, false));
      double[] y = Values.of(net.forward(x, true));
      double[] counts = new double[rows];
      for (int i = 0; i < y.length; i++) {
        assertTrue(y[i] == 0 || y[i] == 1 / (1 - p));
        counts[i / columns] += y[i] == 0 ? 1 : 0;
      }
      double deviation = Math.sqrt(columns * p * (1 - p));
      assertTrue(test(new NormalDistribution(columns * p, deviation), counts) > ACCEPTED);
      assertTrue(test(new NormalDistribution(columns * 0.31, deviation), counts) < REJECTED);
      net.stepState().set(0, 1, 0);
      double[] nextPass = Values.of(net.forward(x, true));
      assertFalse(Arrays.equals(y, nextPass));
      net.stepState().set(0, 0, 0);
      assertTrue(Arrays.equals(y, Values.of(net.forward(x, true))));
    }
  }

  @Test
  void dropoutsOfAChainDrawApart() {
    int columns = 20_000;
    try (Backend backend = new ReferenceBackend();
        Network net =
            Network.build(
                () -> new Sequential(new Dropout(0.5), new Dropout(0.5)),
                Shape.of(columns),
                NetworkOptions.training(1),
                backend)) {
      Tensor x = net.input(1);
      Values.fill(x, 1);
      double[] y = Values.of(net.forward(x, true));
      double kept = (double) Arrays.stream(y).filter(v -> v != 0).count();
      double deviation = Math.sqrt(columns * 0.25 * 0.75); // of a quarter left by two masks
      assertEquals(columns * 0.25, kept, 4 * deviation);
    }
  }
}
