package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Relu;
import org.vgg4j.nn.Sequential;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
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

  /** Gradients are to be overwritten; what they held is NaN, and in another backward something. */
  @Test
  void accumulatingIsCaught() {
    GradientReport report =
        check(
            ElementwiseModule.smooth()
                .tamperW(
                    (dw, old) -> {
                      for (int i = 0; i < dw.length; i++) {
                        dw[i] += old[i];
                      }
                    }));
    assertEquals(2, report.failures().size(), report.table());
    assertTrue(report.failures().get(0).startsWith("planted: w is off by NaN "), report.table());
    assertTrue(
        report.failures().get(1).startsWith("planted: w differs when the backward runs again, "),
        report.table());
    assertEquals(24, report.tensors().get(1).repeat().elements());
  }

  /** What is kept in place of a maximum hides NaN, but not garbage that is finite. */
  @Test
  void keepingTheLargerGradientIsCaught() {
    GradientReport report =
        check(
            ElementwiseModule.smooth()
                .tamperW(
                    (dw, old) -> {
                      for (int i = 0; i < dw.length; i++) {
                        dw[i] = old[i] > dw[i] ? old[i] : dw[i];
                      }
                    }));
    assertRepeatFails(report, "w", 24);
  }

  /** One element of one backward, by one bit. */
  @Test
  void backwardThatDriftsIsCaught() {
    int[] calls = new int[1];
    GradientReport report =
        check(
            ElementwiseModule.smooth()
                .tamperX(
                    (dx, x) -> {
                      if (calls[0]++ == 2) {
                        dx[PLANTED] = Math.nextUp(dx[PLANTED]);
                      }
                    }));
    assertRepeatFails(report, "x", 1);
    assertEquals(PLANTED, report.tensors().get(0).repeat().index());
  }

  private static void assertRepeatFails(GradientReport report, String tensor, int elements) {
    assertEquals(1, report.failures().size(), report.table());
    String expected =
        "planted: %s differs when the backward runs again, at %d of 24 elements, "
            .formatted(tensor, elements);
    assertTrue(report.failures().get(0).startsWith(expected), report.table());
  }

  @Test
  void evaluationThatChangesABufferIsRefused() {
    refused(
        "a forward in evaluation changed count",
        new ElementwiseModule(x -> x, x -> 1) {
          private Buffer count;

          @Override
          public Layout build(BuildContext context, Layout x) {
            count = context.buffer("count", Shape.of(1), 0);
            return super.build(context, x);
          }

          @Override
          public Tensor forward(Tensor x, boolean training) {
            Values.fill(count.value(), Values.of(count.value())[0] + 1);
            return super.forward(x, training);
          }
        });
  }

  /** Frozen statistics, for instance, may be loaded after the first forward. */
  @Test
  void rememberedBufferIsCaught() {
    GradientReport report =
        check(
            new ElementwiseModule(x -> x, x -> 1) {
              private Buffer scale;
              private double first; // of the first forward

              @Override
              public Layout build(BuildContext context, Layout x) {
                scale = context.buffer("scale", Shape.of(1), 1);
                return super.build(context, x);
              }

              @Override
              public Tensor forward(Tensor x, boolean training) {
                double[] ys = Values.of(super.forward(x, training));
                double factor = Values.of(scale.value())[0];
                first = first == 0 ? factor : first;
                y.tensor().upload(Arrays.stream(ys).map(value -> factor * value).toArray());
                return y.tensor();
              }

              @Override
              public Tensor backward(Tensor dy) {
                double[] dys = Values.of(dy);
                dy.upload(Arrays.stream(dys).map(value -> first * value).toArray());
                return super.backward(dy);
              }
            });
    assertFalse(report.passed(), report.table());
  }

  /** Also in the middle of a net that somebody else built, whose memory is clean. */
  @Test
  void accumulatingWithinANetIsCaught() {
    NetworkOptions options = NetworkOptions.training(3).withInputGradient();
    for (Fault fault : new Fault[] {Fault.ACCUMULATING_DX, null}) {
      try (Backend backend = new ReferenceBackend();
          Network net =
              Network.build(
                  () -> new Sequential(new Relu(), new ResidualTanh(fault), new Relu()),
                  Shape.of(4),
                  options,
                  backend)) {
        net.input(3).upload(GradientCheck.distinctValues(Shape.of(3, 4), 2));
        GradientReport report =
            new GradientCheck(backend, GradientCheckOptions.LAYER).outputs("net", net, 3);
        assertEquals(fault == null, report.passed(), report.table());
      }
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

  /** Where x does not count, dx is 0, but not because clean memory happens to hold 0. */
  @Test
  void dxThatIsNotWrittenIsCaught() {
    ElementwiseModule careless =
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Tensor forward(Tensor x, boolean training) {
            return without(super.forward(x, training), 0);
          }

          @Override
          public Tensor backward(Tensor dy) {
            double found = Values.of(dx.tensor())[PLANTED];
            super.backward(without(dy, 0));
            return without(dx.tensor(), found);
          }

          private static Tensor without(Tensor tensor, double value) {
            double[] values = Values.of(tensor);
            values[PLANTED] = value;
            tensor.upload(values);
            return tensor;
          }
        };
    NetworkOptions options = NetworkOptions.training(2).withInputGradient();
    try (Backend backend = new ReferenceBackend();
        Network net = Network.build(() -> careless, X.withoutBatch(), options, backend)) {
      net.input(2).upload(GradientCheck.distinctValues(X, 2));
      GradientReport report =
          new GradientCheck(backend, GradientCheckOptions.LAYER).outputs("planted", net, 2);
      assertFalse(report.passed(), report.table());
      assertTrue(report.failures().get(0).startsWith("planted: x is off by NaN "), report.table());
    }
  }

  @Test
  void missingGradientWithinANetIsRefused() {
    ElementwiseModule silent =
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Tensor backward(Tensor dy) {
            super.backward(dy);
            return null;
          }
        };
    refused("the backward of 1 returned no gradient", new Sequential(new Relu(), silent));
  }

  /** Scratch memory that a module allocates itself is zero, as the engine promises. */
  @Test
  void ownMemoryOfAModuleIsZero() {
    double[] own = {1};
    ElementwiseModule module =
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Layout build(BuildContext context, Layout x) {
            Layout layout = context.backend().plainLayout(Shape.of(1), DType.F64);
            try (Arena arena = context.backend().allocate(layout.bytes())) {
              arena.tensor(0, layout).download(own);
            }
            return super.build(context, x);
          }
        };
    assertTrue(check(module).passed());
    assertEquals(0, own[0]);
  }

  @Test
  void whatTheEngineRefusesIsPassedOn() {
    ElementwiseModule module =
        new ElementwiseModule(x -> x, x -> 1) {
          @Override
          public Layout build(BuildContext context, Layout x) {
            context.backend().relu(context.backend().plainLayout(X, DType.F32), context.usage());
            return super.build(context, x);
          }
        };
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> check(module));
    assertTrue(e.getMessage().contains("computes in F64, not in F32"), e.getMessage());
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
