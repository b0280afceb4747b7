package org.vgg4j.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.FullyConvolutional;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;
import org.vgg4j.testing.Errors;
import org.vgg4j.testing.TinyNets;

/**
 * Fully convolutional nets of an engine: against PyTorch's conversion of the same weights
 * (benchmarks/torch_dense.py), against the net itself at its own image size, and against the net's
 * answers for windows cut out of a larger picture. An engine's test is a subclass that opens it.
 */
abstract class DenseParityTest {
  private static final long ROOM = 1 << 24;

  /** Opens the engine under test. */
  abstract Backend open();

  /** Returns the largest error of logits, as a share of the largest logit. */
  abstract double tolerance();

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  /** A net of the file and what is said of it there. */
  record Net(String name, int channels, int image, boolean norm, int pool) {
    VggConfig config() {
      return VggConfig.builder()
          .layers("3,M,4,M")
          .batchNorm(norm)
          .channels(channels)
          .classes(6)
          .imageSize(image)
          .averagePool(pool)
          .hidden(5)
          .dropout(0)
          .build();
    }

    String said() {
      return "{\"channels\": %d, \"image\": %d, \"norm\": %b, \"pool\": %d}"
          .formatted(channels, image, norm, pool);
    }
  }

  static Stream<Net> nets() {
    return Stream.of(
        new Net("plain", 1, 8, false, 0),
        new Net("norm", 3, 12, true, 0),
        new Net("same", 1, 8, false, 2),
        new Net("pool", 2, 12, true, 5));
  }

  @ParameterizedTest
  @MethodSource("nets")
  void theMeanOfTheClassMapIsPyTorchs(Net net) {
    Fixture.Results file = Fixture.results("dense");
    assertEquals(net.said(), file.metadata().get(net.name));
    try (Backend backend = open();
        Vgg vgg =
            Vgg.build(net.config(), Initialization.KAIMING, NetworkOptions.inference(2), backend)) {
      for (Parameter parameter : vgg.network().parameters()) {
        parameter.value().upload(file.values(net.name + "." + parameter.name()));
      }
      for (Buffer buffer : vgg.network().buffers()) {
        buffer.value().upload(file.values(net.name + "." + buffer.name()));
      }
      vgg.network().refreshCompute();
      try (Network dense = FullyConvolutional.of(vgg, ROOM)) {
        int side = net.image;
        int[][] sizes = {{2, side, side}, {1, side + 4, side + 11}, {2, side + 9, side}};
        for (int i = 0; i < sizes.length; i++) {
          Shape x = Shape.of(sizes[i][0], net.channels, sizes[i][1], sizes[i][2]);
          double[] pictures = file.values(net.name + ".x" + i);
          compare("PyTorch", file.values(net.name + ".y" + i), logits(dense, x, pictures));
        }
      }
    }
  }

  /** Features of odd and even sides, average pools that leave, spread and gather them. */
  @ParameterizedTest
  @CsvSource({
    "8, 0, false",
    "28, 0, true",
    "4, 0, true",
    "8, 2, false",
    "9, 3, true",
    "28, 3, false",
    "13, 7, true"
  })
  void atItsOwnSizeItIsTheNet(int imageSize, int averagePool, boolean batchNorm) {
    VggConfig config =
        TinyNets.config("5,M,6,M", batchNorm, 10, 0.5).toBuilder()
            .imageSize(imageSize)
            .averagePool(averagePool)
            .build();
    try (Backend backend = open();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(3), backend)) {
      double[] pictures = noise(3 * imageSize * imageSize);
      double[] expected = logits(vgg.network(), config.sample().batched(3), pictures);
      try (Network dense = FullyConvolutional.of(vgg, ROOM)) {
        compare("net", expected, logits(dense, config.sample().batched(3), pictures));
        double[] first = Arrays.copyOf(pictures, imageSize * imageSize);
        compare(
            "net",
            Arrays.copyOf(expected, config.classes()),
            logits(dense, config.sample().batched(1), first));
      }
      // The net itself is as it was.
      compare("net", expected, logits(vgg.network(), config.sample().batched(3), pictures));
    }
  }

  /**
   * Without padding a window does not know what is beside it: each place of the map is what the net
   * says of the window, four pixels on (two poolings). The last rows and columns that fill no
   * feature are seen by neither.
   */
  @ParameterizedTest
  @CsvSource({"0, 2", "3, 3"})
  void withoutPaddingItIsTheMeanOverWindows(int averagePool, int even) {
    int side = 8;
    int height = side + 4 * 2 + even;
    int width = side + 4 * 3 + 1;
    VggConfig config =
        TinyNets.config("5c1,M,6c1,M", false, 10, 0.5).toBuilder().averagePool(averagePool).build();
    try (Backend backend = open();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), backend)) {
      double[] picture = noise(height * width);
      double[] mean = new double[config.classes()];
      for (int top = 0; top <= 8; top += 4) {
        for (int left = 0; left <= 12; left += 4) {
          double[] window = new double[side * side];
          for (int i = 0; i < window.length; i++) {
            window[i] = picture[(top + i / side) * width + left + i % side];
          }
          double[] logits = logits(vgg.network(), config.sample().batched(1), window);
          for (int c = 0; c < mean.length; c++) {
            mean[c] += logits[c] / 12;
          }
        }
      }
      try (Network dense = FullyConvolutional.of(vgg, ROOM)) {
        compare("windows", mean, logits(dense, Shape.of(1, 1, height, width), picture));
      }
    }
  }

  @Test
  void itMayOutliveTheNet() {
    VggConfig config = TinyNets.config("5,M,6,M", true, 10, 0.5);
    double[] picture = noise(64);
    try (Backend backend = open()) {
      Network dense;
      double[] expected;
      try (Vgg vgg = TinyNets.random(config, NetworkOptions.training(1), backend)) {
        dense = FullyConvolutional.of(vgg, ROOM);
        expected = logits(vgg.network(), config.sample().batched(1), picture);
      }
      try (dense) {
        compare("net", expected, logits(dense, config.sample().batched(1), picture));
      }
    }
  }

  private static double[] noise(int count) {
    return new Random(count).doubles(count).toArray();
  }

  private static double[] logits(Network network, Shape x, double[] pictures) {
    Execution at = network.execution(x);
    at.input().upload(pictures);
    return Values.of(at.forward(false));
  }

  private void compare(String with, double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length);
    double largest = DoubleStream.of(expected).map(Math::abs).max().orElseThrow();
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]) / largest;
      worst = Math.max(worst, difference);
      assertTrue(difference <= tolerance(), with + ", logit " + i + " differs by " + difference);
    }
    Errors.record(getClass().getSimpleName(), "dense logits, " + with, worst, expected.length);
  }
}
