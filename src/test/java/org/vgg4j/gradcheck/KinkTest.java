package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.MaxPool2d;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Relu;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;

/** Points on kinks and beside them, and smooth functions that could be taken for kinked ones. */
class KinkTest {
  private static final Shape X = Shape.of(1, 1, 20, 20);
  private static final int PLACED = 123;
  private static final double STEP = GradientCheckOptions.LAYER.step();

  /** At every distance within the step, the blind spots of either test included. */
  @ParameterizedTest
  @ValueSource(
      doubles = {
        0.001, 0.05, 0.0999, 0.101, 0.2, 0.25, 1 / 3.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 0.999,
        -0.001, -0.25, -1 / 3.0, -0.5, -0.99
      })
  void kinkNearbyIsCountedAndRetried(double steps) {
    for (Module module : new Module[] {new Relu(), ElementwiseModule.absolute()}) {
      GradientReport report = check(module, x -> x[PLACED] = steps * STEP);
      TensorReport x = report.tensors().get(0);
      assertEquals(1, x.kinks(), report.table());
      assertEquals(0, x.unresolved().size(), report.table());
      assertTrue(report.passed(), report.table());
      assertEquals(400, x.checked());
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1.001, -1.001, 2, 100})
  void kinkBeyondTheStepIsNone(double steps) {
    GradientReport report = check(new Relu(), x -> x[PLACED] = steps * STEP);
    assertEquals(0, report.kinks(), report.table());
    assertTrue(report.passed(), report.table());
  }

  /** Whatever the backward says there. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-9, -1e-9})
  void standingOnAKinkFails(double at) {
    GradientReport report = check(new Relu(), x -> x[PLACED] = at);
    TensorReport x = report.tensors().get(0);
    assertEquals(1, x.kinks(), report.table());
    assertEquals(1, x.unresolved().size(), report.table());
    assertFalse(report.passed(), report.table());
  }

  /** Even when the backward claims the mean of both slopes, which is what the differences give. */
  @Test
  void standingOnAKinkFailsForTheMeanSlopeToo() {
    ElementwiseModule module = new ElementwiseModule(Math::abs, Math::signum);
    GradientReport report = check(module, x -> x[PLACED] = 0);
    assertTrue(report.error() < 1e-9, report.table());
    assertEquals(1, report.tensors().get(0).unresolved().size(), report.table());
    assertFalse(report.passed(), report.table());
  }

  @Test
  void tiedMaximumFails() {
    GradientReport report = check(new MaxPool2d(new MaxPool2dSpec(2, 2)), x -> x[0] = x[1] = 2);
    assertEquals(2, report.tensors().get(0).unresolved().size(), report.table());
    assertFalse(report.passed(), report.table());
  }

  @Test
  void nearlyTiedMaximumIsRetried() {
    GradientReport report =
        check(
            new MaxPool2d(new MaxPool2dSpec(2, 2)),
            x -> {
              x[0] = 2;
              x[1] = 2 - STEP / 2;
            });
    assertEquals(2, report.kinks(), report.table());
    assertTrue(report.passed(), report.table());
  }

  /** A kink is no excuse: the retry finds the wrong gradient beside it. */
  @Test
  void wrongGradientAtAKinkIsCaught() {
    GradientReport report =
        check(
            ElementwiseModule.absolute().tamperX((dx, x) -> dx[PLACED] *= 1 + 1e-4),
            x -> x[PLACED] = 0.3 * STEP);
    assertEquals(1, report.kinks(), report.table());
    assertFalse(report.passed(report.tensors().get(0)), report.table());
    assertEquals(PLACED, report.tensors().get(0).worst().index());
  }

  @Test
  void kinksInMoreThanOneOfAHundredFail() {
    GradientReport four = check(new Relu(), x -> near(x, 4));
    assertEquals(4, four.kinks());
    assertTrue(four.passed(), four.table());
    GradientReport five = check(new Relu(), x -> near(x, 5));
    assertEquals(5, five.kinks());
    assertTrue(five.tooManyKinks());
    assertTrue(five.passed(five.tensors().get(0)));
    assertFalse(five.passed(), five.table());
  }

  private static void near(double[] x, int count) {
    for (int i = 0; i < count; i++) {
      x[i * 7] = 0.5 * STEP;
    }
  }

  /** Of third derivatives up to 100 times the slope. */
  @Test
  void strongCurvatureIsNoKink() {
    GradientReport report =
        check(new ElementwiseModule(x -> Math.sin(10 * x), x -> 10 * Math.cos(10 * x)), x -> {});
    assertEquals(0, report.kinks(), report.table());
    assertTrue(report.passed(), report.table());
  }

  /**
   * The differences of a large sum are mostly rounding: that is an error at worst, never a kink.
   */
  @Test
  void roundingIsNoKink() {
    GradientReport report = check(new ElementwiseModule(x -> x + 1e4, x -> 1), x -> {});
    assertEquals(0, report.tensors().get(0).kinks(), report.table());
  }

  private static GradientReport check(Module module, Consumer<double[]> place) {
    NetworkOptions options = NetworkOptions.training(1).withInputGradient();
    try (Backend backend = new ReferenceBackend();
        Network net = Network.build(() -> module, X.withoutBatch(), options, backend)) {
      double[] x = GradientCheck.distinctValues(X, 3);
      place.accept(x);
      net.input(1).upload(x);
      return new GradientCheck(backend, GradientCheckOptions.LAYER).outputs("kink", net, 1);
    }
  }
}
