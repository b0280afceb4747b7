package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Gradients of modules and of small VGGs against central differences, at both batch sizes. The
 * biases start apart from zero: where dropout leaves a neuron no input, a bias of zero would stand
 * on the ReLU's kink.
 */
class GradientTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-6; // of the largest gradient of the tensor
  private static final int ELEMENTS = 5; // a tensor

  @ParameterizedTest
  @CsvSource({
    "'3,M,4,M', true",
    "'3,4,M,4c1,M', true",
    "'3,L,M,4c1,M', false",
    "'3,M,M,4', false",
  })
  void centralDifferences(String layers, boolean batchNorm) {
    VggConfig config =
        VggConfig.builder()
            .layers(layers)
            .batchNorm(batchNorm)
            .imageSize(8)
            .channels(2)
            .classes(3)
            .hidden(7)
            .build();
    check(() -> Vgg.module(config, Initialization.PYTORCH), config.sample());
  }

  @Test
  void singleModules() {
    check(
        () ->
            new Sequential(
                new BatchNorm2d(BatchNorm2dSpec.of(2, false)),
                new Conv2d(new Conv2dSpec(2, 3, 3, 1, true, true), Initialization.PYTORCH),
                new BatchNorm2d(BatchNorm2dSpec.of(3, true)),
                new Conv2d(new Conv2dSpec(3, 4, 1, 0, false, false), Initialization.PYTORCH),
                new LocalResponseNorm(LrnSpec.KRIZHEVSKY),
                new Relu(),
                new MaxPool2d(new MaxPool2dSpec(3, 2)),
                new Dropout(0),
                new Linear(new LinearSpec(4 * 9, 3, false), Initialization.PYTORCH)),
        Shape.of(2, 8, 8));
  }

  private static void check(Supplier<Module> chain, Shape sample) {
    NetworkOptions options = NetworkOptions.training(4, 3).withSeed(3).withInputGradient();
    try (Backend backend = new ReferenceBackend();
        Network net = Network.build(chain, sample, options, backend)) {
      CrossEntropyLoss loss = net.loss();
      for (int batch : options.batchSizes()) {
        check(net, loss, batch);
      }
    }
  }

  /**
   * Whatever stands first, it needs no input gradient, and the others' gradients are the same
   * without.
   */
  @ParameterizedTest
  @MethodSource
  void firstModuleWithoutInputGradient(Supplier<Module> first) {
    Supplier<Module> chain =
        () ->
            new Sequential(
                first.get(),
                new Conv2d(new Conv2dSpec(2, 2, 3, 1, true, false), Initialization.PYTORCH),
                new Linear(new LinearSpec(32, 3, true), Initialization.PYTORCH));
    NetworkOptions options = NetworkOptions.training(2);
    try (Backend backend = new ReferenceBackend();
        Network without = Network.build(chain, Shape.of(2, 4, 4), options, backend);
        Network with =
            Network.build(chain, Shape.of(2, 4, 4), options.withInputGradient(), backend)) {
      for (Network net : List.of(without, with)) {
        Values.random(net.input(2), 6);
        net.forward(net.input(2), true);
        Values.random(net.outputGradient(2), 7);
        Tensor dx = net.backward(net.outputGradient(2));
        assertEquals(net == with, dx != null);
      }
      for (int i = 0; i < with.parameters().size(); i++) {
        assertArrayEquals(
            Values.of(with.parameters().get(i).gradient()),
            Values.of(without.parameters().get(i).gradient()));
      }
    }
  }

  static List<Supplier<Module>> firstModuleWithoutInputGradient() {
    Conv2dSpec conv = new Conv2dSpec(2, 2, 3, 1, true, false);
    return List.of(
        () -> new Conv2d(conv, Initialization.PYTORCH),
        () -> new BatchNorm2d(BatchNorm2dSpec.of(2, false)),
        () -> new Dropout(0.5),
        () -> new Dropout(0),
        Relu::new,
        () -> new LocalResponseNorm(LrnSpec.KRIZHEVSKY),
        () -> new MaxPool2d(new MaxPool2dSpec(1, 1)),
        () -> new ConvBlock(new ConvBlockSpec(conv, null, null), "a", "b", Initialization.PAPER),
        () -> new Sequential(new Sequential(new Relu())));
  }

  private static void check(Network net, CrossEntropyLoss loss, int batch) {
    Tensor x = net.input(batch);
    Values.random(x, 17);
    int[] labels = {2, 0, 1, 2};
    loss.labels(batch).upload(java.util.Arrays.copyOf(labels, batch));
    Tensor dlogits = net.outputGradient(batch);
    loss.forward(net.forward(x, true), dlogits, batch, 1.0 / batch);
    double[] dx = Values.of(net.backward(dlogits));
    for (Parameter parameter : net.parameters()) {
      double[] gradient = Values.of(parameter.gradient());
      check(net, loss, x, parameter.name(), parameter.value(), gradient);
    }
    check(net, loss, x, "x", x, dx);
  }

  private static void check(
      Network net, CrossEntropyLoss loss, Tensor x, String name, Tensor value, double[] gradient) {
    double[] values = Values.of(value);
    double largest = 1e-3;
    for (double g : gradient) {
      largest = Math.max(largest, Math.abs(g));
    }
    for (int k = 0; k < Math.min(ELEMENTS, values.length); k++) {
      int i = (int) ((long) k * (values.length - 1) / ELEMENTS);
      double original = values[i];
      values[i] = original + STEP;
      value.upload(values);
      double above = mean(net, loss, x);
      values[i] = original - STEP;
      value.upload(values);
      double below = mean(net, loss, x);
      values[i] = original;
      value.upload(values);
      double difference = Math.abs((above - below) / (2 * STEP) - gradient[i]);
      assertTrue(
          difference <= TOLERANCE * largest,
          name + "[" + i + "] of batch " + x.shape().dim(0) + ": off by " + difference);
    }
  }

  private static double mean(Network net, CrossEntropyLoss loss, Tensor x) {
    loss.resetTotals();
    loss.forward(net.forward(x, true), x.shape().dim(0));
    return loss.totals().meanLoss();
  }
}
