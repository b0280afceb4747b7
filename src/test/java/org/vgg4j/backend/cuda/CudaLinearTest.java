package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cublas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * Linear layers in each precision against sums in double, with what cublasLt offers and with the
 * kernels that take its place. Inputs are of the type under test, so only sums and outputs round.
 */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaLinearTest {
  private static final String HEURISTIC = "cublasLtMatmulAlgoGetHeuristic";
  private static final String REFUSED = "=" + cublas.CUBLAS_STATUS_NOT_SUPPORTED;

  /** A layer of x (n, in) and y (n, out), and how it multiplies. */
  record Case(Precision precision, DType type, int n, int in, int out, boolean relu) {
    LinearSpec spec() {
      return new LinearSpec(in, out, relu);
    }

    /**
     * Returns the largest error of a sum of products of values in [-1, 1]: that of sums in single
     * precision, of the inputs' rounding, and of each rounding to the output's type.
     */
    double tolerance(DType output, int terms, double... rounded) {
      double sum = Math.sqrt(terms) * 0x1p-21;
      double inputs = precision == Precision.TF32 ? Math.sqrt(terms) * 0x1p-9 : 0;
      double unit = output == DType.BF16 ? 0x1p-8 : 0;
      return sum + inputs + unit * DoubleStream.of(rounded).map(Math::abs).sum();
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
            new Case(Precision.FP32, DType.F32, 6, 200, 48, true),
            new Case(Precision.TF32, DType.F32, 6, 200, 48, true),
            new Case(Precision.FP32, DType.BF16, 6, 200, 48, true))
        .flatMap(
            c ->
                Stream.of(
                    c,
                    new Case(c.precision(), c.type(), 64, 33, 10, false),
                    new Case(c.precision(), c.type(), 300, 16, 300, true),
                    new Case(c.precision(), c.type(), 1, 40, 7, false)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void againstSumsInDouble(Case c) {
    compare(c, "");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void withoutTheEpilogues(Case c) {
    // Asked for: forward with a bias (beside F32), forward, data, weights with the bias's gradient.
    compare(
        c,
        c.type() == DType.F32
            ? HEURISTIC + "@1" + REFUSED + ";" + HEURISTIC + "@4" + REFUSED
            : HEURISTIC + "@3" + REFUSED);
  }

  private static void compare(Case c, String faults) {
    try (Layer layer = new Layer(c, faults)) {
      layer.step();
      layer.check();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void stepsAllocateNothingAndRepeatTheirBits(Case c) {
    try (Layer layer = new Layer(c, "")) {
      layer.step();
      List<double[]> first = layer.outputs();
      StandIn.reset();
      layer.step();
      assertEquals(0, StandIn.calls("cudaMalloc"));
      assertEquals(0, StandIn.calls(HEURISTIC));
      assertEquals(0, StandIn.calls("cublasLtMatmulDescSetAttribute"));
      List<double[]> second = layer.outputs();
      for (int i = 0; i < first.size(); i++) {
        assertTrue(Arrays.equals(first.get(i), second.get(i)), "output " + i);
      }
    }
  }

  @Test
  void otherBiasesAreRead() {
    try (Layer layer = new Layer(new Case(Precision.FP32, DType.F32, 4, 8, 8, false), "")) {
      layer.step();
      layer.replaceBias();
      layer.step();
      layer.check();
    }
  }

  @Test
  void productThatNothingOffersSaysSo() {
    Case c = new Case(Precision.FP32, DType.F32, 4, 8, 8, false);
    CudaException failure =
        assertThrows(CudaException.class, () -> new Layer(c, HEURISTIC + "@0" + REFUSED));
    assertEquals(
        "cublasLt has no algorithm for linear layer of x 4x8, w 8x8, forward (F32 to F32, epilogue"
            + " NONE) on this GPU; try another precision",
        failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cublasLtMatmulDescCreate",
        "cublasLtMatmulDescSetAttribute",
        "cublasLtMatrixLayoutCreate",
        "cublasLtMatmulPreferenceCreate",
        "cublasLtMatmulPreferenceSetAttribute",
        HEURISTIC,
        "cublasLtMatmul",
        "cudaMalloc"
      })
  void failuresLeaveNothing(String function) {
    Case c = new Case(Precision.FP32, DType.BF16, 4, 8, 8, true);
    Map<String, Long> before = StandIn.live();
    new Layer(c, "").stepAndClose();
    long calls = StandIn.calls(function);
    assertTrue(calls > 0, function);
    for (long call = 1; call <= calls; call++) {
      String fault = function + "@" + call;
      StandIn.reset();
      RuntimeException failure =
          assertThrows(RuntimeException.class, () -> new Layer(c, fault).stepAndClose(), fault);
      if (function.startsWith("cublas")) {
        String message = assertInstanceOf(CudaException.class, failure, fault).getMessage();
        assertTrue(
            message.startsWith(function + " failed for linear layer of x 4x8, w 8x8"), message);
      }
      assertEquals(before, StandIn.live(), fault);
    }
  }

  /**
   * A layer with its operands, on an engine of its own; the faults are set before it is planned.
   */
  private static final class Layer implements AutoCloseable {
    private final Closing closing = new Closing();
    private final Case c;
    private final CudaBackend backend;
    private final WeightedPlan plan;
    private final double[] xs;
    private final double[] ws;
    private final double[] dys;
    private double[] bs;
    private Tensor x;
    private Tensor w;
    private Tensor b;
    private Tensor dy;
    private Tensor y;
    private Tensor dx;
    private Tensor dw;
    private Tensor db;

    Layer(Case c, String faults) {
      this.c = c;
      xs = random(c.n() * c.in(), 1, c.type());
      ws = random(c.out() * c.in(), 2, c.type());
      bs = random(c.out(), 3, DType.F32);
      dys = random(c.n() * c.out(), 4, c.type());
      try {
        CudaOptions options =
            c.precision() == Precision.FP32 ? CudaOptions.STRICT : CudaOptions.DEFAULT;
        backend = closing.own(CudaUnderTest.open(options));
        Layout layout = backend.plainLayout(Shape.of(c.n(), c.in()), DType.F32).as(c.type());
        StandIn.faults(faults);
        plan = closing.own(backend.linear(c.spec(), layout, null, Usage.TRAINING));
        operands(layout);
      } catch (RuntimeException e) {
        closing.abandon(e);
        throw e;
      }
    }

    private void operands(Layout layout) {
      Layout row = backend.plainLayout(Shape.of(c.out()), DType.F32);
      x = tensor(layout, xs);
      w = tensor(plan.w(), ws);
      b = tensor(row, bs);
      dy = tensor(plan.y(), dys);
      y = tensor(plan.y(), null);
      dx = tensor(layout, null);
      dw = tensor(plan.dw(), null);
      db = tensor(row, null);
      assertEquals(DType.F32, dw.dtype());
      assertEquals(c.type(), w.dtype());
      assertEquals(c.type(), y.dtype());
    }

    private Tensor tensor(Layout layout, double[] values) {
      Tensor tensor = closing.own(backend.allocate(Arena.align(layout.bytes()))).tensor(0, layout);
      if (values != null) {
        ByteBuffer bytes = buffer(tensor);
        IntStream.range(0, values.length).forEach(i -> tensor.dtype().put(bytes, i, values[i]));
        tensor.upload(bytes);
      }
      return tensor;
    }

    private static ByteBuffer buffer(Tensor tensor) {
      long bytes = tensor.shape().elementCount() * tensor.dtype().bytes();
      return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
    }

    void replaceBias() {
      bs = random(c.out(), 5, DType.F32);
      b = tensor(b.layout(), bs);
    }

    void step() {
      plan.forward(x, w, b, y);
      plan.backwardData(w, dy, dx);
      plan.backwardWeights(x, dy, dw, db);
    }

    void stepAndClose() {
      try (this) {
        step();
      }
    }

    List<double[]> outputs() {
      return Stream.of(y, dx, dw, db).map(Layer::values).toList();
    }

    private static double[] values(Tensor tensor) {
      ByteBuffer bytes = buffer(tensor);
      tensor.download(bytes);
      int count = (int) tensor.shape().elementCount();
      return IntStream.range(0, count).mapToDouble(i -> tensor.dtype().get(bytes, i)).toArray();
    }

    void check() {
      int n = c.n();
      int in = c.in();
      int out = c.out();
      double[] got = values(y);
      for (int i = 0; i < got.length; i++) {
        int row = i / out * in;
        int column = i % out * in;
        double product = sum(in, k -> xs[row + k] * ws[column + k]);
        double sum = product + bs[i % out];
        double expected = c.relu() ? Math.max(sum, 0) : sum;
        near("y", i, got[i], expected, c.tolerance(c.type(), in, product, sum));
      }
      got = values(dx);
      for (int i = 0; i < got.length; i++) {
        int row = i / in * out;
        int column = i % in;
        double expected = sum(out, k -> dys[row + k] * ws[k * in + column]);
        near("dx", i, got[i], expected, c.tolerance(c.type(), out, expected));
      }
      got = values(dw);
      for (int i = 0; i < got.length; i++) {
        int row = i / in;
        int column = i % in;
        double expected = sum(n, k -> dys[k * out + row] * xs[k * in + column]);
        near("dw", i, got[i], expected, c.tolerance(DType.F32, n));
      }
      got = values(db);
      for (int i = 0; i < got.length; i++) {
        int column = i;
        near("db", i, got[i], sum(n, k -> dys[k * out + column]), n * 0x1p-22);
      }
    }

    private static double sum(int terms, IntToDoubleFunction term) {
      return IntStream.range(0, terms).mapToDouble(term).sum();
    }

    private static void near(
        String what, int place, double got, double expected, double tolerance) {
      double difference = Math.abs(got - expected);
      assertTrue(
          difference <= tolerance,
          () -> "%s[%d] is %s, not %s".formatted(what, place, got, expected));
    }

    private static double[] random(int count, long seed, DType type) {
      SplittableRandom random = new SplittableRandom(seed);
      return random.doubles(count, -1, 1).map(type::round).toArray();
    }

    @Override
    public void close() {
      closing.close();
    }
  }
}
