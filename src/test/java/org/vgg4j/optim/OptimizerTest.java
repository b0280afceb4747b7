package org.vgg4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Relu;
import org.vgg4j.nn.Values;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

class OptimizerTest {
  private static final int BATCH = 8;
  private static final double RATE = 0.01;

  private static Vgg small(Backend backend) {
    VggConfig config =
        VggConfig.builder()
            .layers("8,M,16,M")
            .imageSize(8)
            .channels(1)
            .classes(2)
            .hidden(16)
            .build();
    NetworkOptions options = NetworkOptions.training(BATCH).withSeed(1);
    return Vgg.build(config, Initialization.GLOROT, options, backend);
  }

  /** Bright images against dark ones, with noise. */
  private static void data(Network net, CrossEntropyLoss loss, long seed) {
    Values.random(net.input(BATCH), seed);
    double[] images = Values.of(net.input(BATCH));
    int[] labels = new int[BATCH];
    for (int n = 0; n < BATCH; n++) {
      labels[n] = n % 2;
      for (int i = 0; i < 64; i++) {
        images[n * 64 + i] += labels[n] == 1 ? 1 : -1;
      }
    }
    net.input(BATCH).upload(images);
    loss.labels(BATCH).upload(labels);
  }

  private static double pass(Network net, CrossEntropyLoss loss, long step) {
    net.stepState().set(step, step, RATE);
    loss.resetTotals();
    Tensor dlogits = net.outputGradient(BATCH);
    loss.forward(net.forward(net.input(BATCH), true), dlogits, BATCH, 1.0 / BATCH);
    net.backward(dlogits);
    return loss.totals().meanLoss();
  }

  @Test
  void adamFollowsItsFormula() {
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = small(backend);
        AttachedOptimizer adam = new Adam().attach(vgg.network())) {
      CrossEntropyLoss loss = vgg.network().loss();
      Network net = vgg.network();
      int last = net.parameters().size() - 2; // classifier.6.weight
      Parameter parameter = net.parameters().get(last);
      double[] p = Values.of(parameter.value());
      double[] m = new double[p.length];
      double[] v = new double[p.length];
      data(net, loss, 2);
      for (int t = 1; t <= 3; t++) {
        pass(net, loss, t - 1);
        double[] g = Values.of(parameter.gradient());
        adam.step();
        for (int i = 0; i < p.length; i++) {
          m[i] = 0.9 * m[i] + 0.1 * g[i];
          v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
          double mHat = m[i] / (1 - Math.pow(0.9, t));
          double vHat = v[i] / (1 - Math.pow(0.999, t));
          p[i] -= RATE * mHat / (Math.sqrt(vHat) + 1e-8);
        }
        near(p, Values.of(parameter.value()));
      }
      AttachedOptimizer.State first = adam.states().get(last);
      AttachedOptimizer.State second = adam.states().get(net.parameters().size() + last);
      assertEquals("exp_avg", first.kind());
      assertEquals("exp_avg_sq", second.kind());
      assertEquals("classifier.6.weight", first.parameter());
      assertEquals(first.parameter(), second.parameter());
      near(m, Values.of(first.tensor()));
      near(v, Values.of(second.tensor()));
    }
  }

  @Test
  void sgdFollowsItsFormula() {
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = small(backend);
        AttachedOptimizer sgd = new Sgd(0.9).attach(vgg.network())) {
      CrossEntropyLoss loss = vgg.network().loss();
      Network net = vgg.network();
      Parameter parameter = net.parameters().get(0);
      double[] p = Values.of(parameter.value());
      double[] v = new double[p.length];
      data(net, loss, 2);
      for (int t = 0; t < 3; t++) {
        pass(net, loss, t);
        double[] g = Values.of(parameter.gradient());
        sgd.step();
        for (int i = 0; i < p.length; i++) {
          v[i] = 0.9 * v[i] + g[i];
          p[i] -= RATE * v[i];
        }
        near(p, Values.of(parameter.value()));
      }
      assertEquals("momentum_buffer", sgd.states().get(0).kind());
      near(v, Values.of(sgd.states().get(0).tensor()));
    }
  }

  private static void near(double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(expected[i] - actual[i]);
      assertTrue(difference <= 1e-12, i + ": " + expected[i] + " and " + actual[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void trainingLowersTheLoss(String device) {
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = small(backend);
        AttachedOptimizer adam = new Adam().attach(vgg.network())) {
      CrossEntropyLoss loss = vgg.network().loss();
      Network net = vgg.network();
      double start = 0;
      double end = 0;
      for (int step = 0; step < 40; step++) {
        data(net, loss, step);
        double mean = pass(net, loss, step);
        adam.step();
        start += step < 5 ? mean : 0;
        end += step >= 35 ? mean : 0;
      }
      assertTrue(end < start / 3, "loss from " + start / 5 + " to " + end / 5);
      data(net, loss, 1000);
      loss.resetTotals();
      loss.forward(net.forward(net.input(BATCH), false), BATCH);
      assertEquals(BATCH, loss.totals().correct());
    }
  }

  @Test
  void stateSlabsAreCounted() {
    assertEquals(2, new Adam().stateSlabs());
    assertEquals(1, new Sgd(0.9).stateSlabs());
    assertEquals(0, new Sgd(0).stateSlabs());
  }

  @Test
  void aNetWithoutParametersIsRefused() {
    try (Backend backend = new ReferenceBackend();
        Network net = Network.build(Relu::new, Shape.of(3), NetworkOptions.training(2), backend)) {
      assertThrows(IllegalStateException.class, () -> new Adam().attach(net));
    }
  }
}
