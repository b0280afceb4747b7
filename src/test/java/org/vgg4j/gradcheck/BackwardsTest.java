package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
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

/** What several backwards find that a single one would not. */
class BackwardsTest {
  private static final Shape X = Shape.of(2, 3, 4);
  private static final int PLANTED = 17;

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
        report
            .failures()
            .get(1)
            .startsWith("planted: w differs by NaN when the backward runs again "),
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
    String failure = report.failures().get(0);
    assertTrue(failure.startsWith("planted: " + tensor + " differs by "), failure);
    assertTrue(failure.contains("(tolerance 0), at " + elements + " of 24 elements, "), failure);
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

  private static void refused(String why, Module module) {
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> check(module));
    assertTrue(e.getMessage().startsWith("planted: "), e.getMessage());
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }
}
