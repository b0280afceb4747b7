package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.Module;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Backward passes that are wrong, each in its way, and what the check says of them. */
class PlantedErrorTest {
  private static final Shape X = Shape.of(2, 3, 4);
  private static final int PLANTED = 17;

  @Test
  void rightOneHasNoError() {
    GradientReport report = check(ElementwiseModule.smooth());
    assertTrue(report.passed(), report.table());
    assertTrue(report.error() < 1e-9, report.table());
    assertEquals(0, report.kinks());
    assertEquals(3 * 24, report.checked());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 1e-4, -1e-4, 1, -2, 1e9})
  void wrongInputGradientIsCaughtAndNoKink(double share) {
    GradientReport report =
        check(ElementwiseModule.smooth().tamperX((dx, x) -> dx[PLANTED] *= 1 + share));
    assertCaught(report, "x");
    assertEquals(PLANTED, report.tensors().get(0).worst().index());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 1e-4, -1e-4, 1, -2, 1e9})
  void wrongParameterGradientIsCaughtAndNoKink(double share) {
    assertCaught(
        check(ElementwiseModule.smooth().tamperW((dw, old) -> dw[PLANTED] *= 1 + share)), "w");
  }

  /** The planted error, 1e-4 of one gradient, is measured as what it is. */
  @Test
  void errorIsMeasured() {
    double[] planted = new double[1];
    GradientReport report =
        check(
            ElementwiseModule.smooth()
                .tamperX(
                    (dx, x) -> {
                      planted[0] = 1e-4 * dx[PLANTED];
                      dx[PLANTED] += planted[0];
                    }));
    TensorReport x = report.tensors().get(0);
    assertEquals(Math.abs(planted[0]) / x.gradient(), x.error(), 1e-9);
    assertEquals(planted[0], x.worst().analytic() - x.worst().numeric(), 1e-9);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void gradientThatIsNotFiniteIsCaught(double value) {
    assertCaught(check(ElementwiseModule.smooth().tamperX((dx, x) -> dx[PLANTED] = value)), "x");
    GradientReport w = check(ElementwiseModule.smooth().tamperW((dw, old) -> dw[PLANTED] = value));
    assertCaught(w, "w");
    assertTrue(Double.isNaN(w.error()));
  }

  @Test
  void outputThatIsNotFiniteIsCaught() {
    for (ElementwiseModule.Function f :
        List.<ElementwiseModule.Function>of(
            x -> Double.NaN, x -> Double.NEGATIVE_INFINITY, x -> Math.sqrt(x - 1))) {
      GradientReport report = check(new ElementwiseModule(f, x -> 0));
      assertEquals(3, report.failures().size(), report.table());
      assertTrue(Double.isNaN(report.error()), report.table());
    }
  }

  @Test
  void forwardThatChangesItsInputIsRefused() {
    refused(
        "changed x",
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Tensor forward(Tensor x, boolean training) {
            double[] values = Values.of(x);
            values[0] = Math.max(values[0], 0.5);
            values[1] = Math.min(values[1], -0.5);
            x.upload(values);
            return super.forward(x, training);
          }
        });
  }

  @Test
  void backwardThatChangesAParameterIsRefused() {
    refused(
        "changed b",
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Tensor backward(Tensor dy) {
            Tensor result = super.backward(dy);
            Values.fill(b.value(), 3);
            return result;
          }
        });
  }

  @Test
  void forwardThatDependsOnItsHistoryIsRefused() {
    refused(
        "two forwards of the same input differ",
        new ElementwiseModule(x -> x, x -> 1) {
          private int calls;

          @Override
          public Tensor forward(Tensor x, boolean training) {
            super.forward(x, training);
            double[] ys = Values.of(y.tensor());
            ys[3] += calls++;
            y.tensor().upload(ys);
            return y.tensor();
          }
        });
  }

  /** Not from the start, but only after many calls. */
  @Test
  void forwardThatDriftsIsRefused() {
    refused(
        "two forwards of the same input differ",
        new ElementwiseModule(x -> x, x -> 1) {
          private int calls;

          @Override
          public Tensor forward(Tensor x, boolean training) {
            super.forward(x, training);
            double[] ys = Values.of(y.tensor());
            ys[3] += calls++ < 10 ? 0 : 1e-15;
            y.tensor().upload(ys);
            return y.tensor();
          }
        });
  }

  @Test
  void missingInputGradientIsRefused() {
    refused(
        "no gradient",
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Tensor backward(Tensor dy) {
            super.backward(dy);
            return null;
          }
        });
  }

  private static GradientReport check(Module module) {
    try (Backend backend = new ReferenceBackend()) {
      return new GradientCheck(backend, GradientCheckOptions.LAYER).module("planted", module, X);
    }
  }

  /** Fails in this tensor and in no other, and not by kinks. */
  private static void assertCaught(GradientReport report, String tensor) {
    assertFalse(report.passed(), report.table());
    assertEquals(1, report.failures().size(), report.table());
    String expected = "planted: " + tensor + " is off by ";
    assertTrue(report.failures().get(0).startsWith(expected), report.table());
    assertEquals(0, report.kinks(), report.table());
  }

  private static void refused(String why, Module module) {
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> check(module));
    assertTrue(e.getMessage().startsWith("planted: "), e.getMessage());
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }
}
