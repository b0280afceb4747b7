package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

class NetworkTest {
  static final VggConfig SMALL =
      VggConfig.builder()
          .layers("5,M,9,7c1,M")
          .imageSize(8)
          .channels(2)
          .classes(3)
          .hidden(11)
          .build();

  /**
   * The keys of torchvision's {@code make_layers} with batch norm for [8, M, 16, 16, M], in its
   * order.
   */
  @Test
  void namesAreTorchvisions() {
    VggConfig config =
        VggConfig.builder().layers("8,M,16,16,M").imageSize(8).hidden(5).classes(2).build();
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = Vgg.build(config, 2, backend)) {
      assertEquals(
          List.of(
              "features.0.weight",
              "features.1.weight",
              "features.1.bias",
              "features.1.running_mean",
              "features.1.running_var",
              "features.1.num_batches_tracked",
              "features.4.weight",
              "features.5.weight",
              "features.5.bias",
              "features.5.running_mean",
              "features.5.running_var",
              "features.5.num_batches_tracked",
              "features.7.weight",
              "features.8.weight",
              "features.8.bias",
              "features.8.running_mean",
              "features.8.running_var",
              "features.8.num_batches_tracked",
              "classifier.0.weight",
              "classifier.0.bias",
              "classifier.3.weight",
              "classifier.3.bias",
              "classifier.6.weight",
              "classifier.6.bias"),
          vgg.network().stateNames());
    }
  }

  @Test
  void namesWithLocalResponseNorm() {
    VggConfig config =
        VggConfig.builder()
            .layers("8,L,M,16,M")
            .batchNorm(false)
            .imageSize(8)
            .hidden(5)
            .classes(2)
            .build();
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = Vgg.build(config, 2, backend)) {
      assertEquals(
          List.of(
              "features.0.weight",
              "features.0.bias",
              "features.4.weight",
              "features.4.bias",
              "classifier.0.weight",
              "classifier.0.bias",
              "classifier.3.weight",
              "classifier.3.bias",
              "classifier.6.weight",
              "classifier.6.bias"),
          vgg.network().stateNames());
      assertEquals(
          List.of(
              "features.0",
              "features.2",
              "features.3",
              "features.4",
              "classifier.0",
              "classifier.2",
              "classifier.3",
              "classifier.5",
              "classifier.6"),
          vgg.network().memoryPlan().stages().stream().map(Stage::name).toList());
    }
  }

  @ParameterizedTest
  @CsvSource({"reference, true, 0", "reference, false, 0", "cpu, true, 1e-5", "cpu, false, 1e-5"})
  void batchSizesShareEverything(String device, boolean training, double tolerance) {
    NetworkOptions options = new NetworkOptions(List.of(2, 5), training, 4, false, true, 0);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = Vgg.build(SMALL, Initialization.PYTORCH, options, backend)) {
      Network net = vgg.network();
      for (Buffer buffer : net.buffers()) {
        Values.fill(buffer.value(), 0.1);
      }
      Values.random(net.input(5), 8);
      double[] images = Values.of(net.input(5));
      double[] five = Values.of(net.forward(net.input(5), false));
      net.input(2).upload(Arrays.copyOf(images, 2 * 2 * 8 * 8));
      double[] two = Values.of(net.forward(net.input(2), false));
      assertEquals(2 * 3, two.length);
      for (int i = 0; i < two.length; i++) {
        assertTrue(Math.abs(two[i] - five[i]) <= tolerance, two[i] + " and " + five[i]);
      }
      assertTrue(Math.abs(two[0] - two[3]) > 1e-3); // the images reached the output
    }
  }

  @Test
  void enginesStartFromTheSameValues() {
    try (Backend cpu = Backends.open("cpu").backend();
        Backend reference = new ReferenceBackend();
        Vgg fast = Vgg.build(SMALL, 4, cpu);
        Vgg exact = Vgg.build(SMALL, 4, reference)) {
      for (int k = 0; k < exact.network().parameters().size(); k++) {
        double[] expected = Values.of(exact.network().parameters().get(k).value());
        double[] actual = Values.of(fast.network().parameters().get(k).value());
        for (int i = 0; i < expected.length; i++) {
          assertEquals((float) expected[i], (float) actual[i]);
        }
      }
    }
  }

  /** The overlaid memory of two batch sizes, in the CPU engine's padded layouts. */
  @Test
  void enginesAgreeOnEveryGradient() {
    NetworkOptions options = NetworkOptions.training(5, 3).withSeed(2).withInputGradient();
    try (Backend cpu = Backends.open("cpu").backend();
        Backend reference = new ReferenceBackend();
        Vgg fast = Vgg.build(SMALL, Initialization.PYTORCH, options, cpu);
        Vgg exact = Vgg.build(SMALL, Initialization.PYTORCH, options, reference)) {
      for (int batch : new int[] {5, 3, 5}) {
        near(trained(exact.network(), batch), trained(fast.network(), batch), 1e-4);
        for (int k = 0; k < exact.network().parameters().size(); k++) {
          near(
              Values.of(exact.network().parameters().get(k).gradient()),
              Values.of(fast.network().parameters().get(k).gradient()),
              1e-4);
        }
        for (int k = 0; k < exact.network().buffers().size(); k++) {
          near(
              Values.of(exact.network().buffers().get(k).value()),
              Values.of(fast.network().buffers().get(k).value()),
              1e-4);
        }
      }
    }
  }

  private static double[] trained(Network net, int batch) {
    Values.random(net.input(batch), 11);
    net.forward(net.input(batch), true);
    Values.random(net.outputGradient(batch), 12);
    return Values.of(net.backward(net.outputGradient(batch)));
  }

  /** Compares by the relative Euclidean norm of the difference. */
  private static void near(double[] expected, double[] actual, double tolerance) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
      norm += expected[i] * expected[i];
    }
    assertTrue(norm > 0);
    assertTrue(
        difference <= tolerance * tolerance * norm, Math.sqrt(difference / norm) + " relative");
  }

  @Test
  void countsTrainingPasses() {
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = Vgg.build(SMALL, Initialization.PAPER, NetworkOptions.training(4, 3), backend)) {
      Network net = vgg.network();
      net.forward(net.input(4), true);
      net.forward(net.input(3), true);
      net.forward(net.input(3), false);
      assertEquals(3, net.counters().size());
      net.counters().forEach(counter -> assertEquals(2, counter.value()));
    }
  }

  @Test
  void misuseSaysSo() {
    try (Backend backend = new ReferenceBackend()) {
      Vgg vgg = Vgg.build(SMALL, Initialization.PAPER, NetworkOptions.training(4, 3), backend);
      Network net = vgg.network();
      Tensor dy = net.outputGradient(3);
      assertThrows(IllegalStateException.class, () -> net.backward(dy));
      net.forward(net.input(4), true);
      assertThrows(IllegalStateException.class, () -> net.backward(dy));
      net.forward(net.input(3), false);
      assertThrows(IllegalStateException.class, () -> net.backward(dy));
      vgg.close();
      assertThrows(IllegalStateException.class, () -> net.input(4));
      vgg.close();

      try (Vgg plain =
          Vgg.build(SMALL, Initialization.PAPER, NetworkOptions.inference(3), backend)) {
        Network inference = plain.network();
        Tensor x = inference.input(3);
        assertThrows(IllegalStateException.class, () -> inference.forward(x, true));
        assertThrows(IllegalStateException.class, () -> inference.outputGradient(3));
        assertThrows(IllegalStateException.class, inference.parameters().get(0)::gradient);
      }
    }
  }

  @Test
  void modulesThatDoNotFitAreRefused() {
    try (Backend backend = new ReferenceBackend()) {
      Conv2dSpec spec = new Conv2dSpec(4, 2, 3, 1, true, false);
      assertThrows(
          InvalidInputException.class,
          () ->
              Network.build(
                  () -> new Conv2d(spec, Initialization.PAPER),
                  Shape.of(3, 4, 4),
                  NetworkOptions.training(2),
                  backend));
      assertThrows(
          IllegalStateException.class,
          () ->
              Network.build(
                  Sequential::new, Shape.of(3, 4, 4), NetworkOptions.training(2), backend));
      Relu same = new Relu();
      assertThrows(
          IllegalArgumentException.class,
          () ->
              Network.build(() -> same, Shape.of(3, 4, 4), NetworkOptions.training(2, 1), backend));
      Conv2dSpec fits = new Conv2dSpec(3, 3, 3, 1, true, false);
      assertThrows(
          IllegalStateException.class,
          () ->
              Network.build(
                  () ->
                      new Sequential()
                          .addInline(new Conv2d(fits, Initialization.PAPER))
                          .addInline(new Conv2d(fits, Initialization.PAPER)),
                  Shape.of(3, 4, 4),
                  NetworkOptions.training(2),
                  backend));
    }
  }
}
