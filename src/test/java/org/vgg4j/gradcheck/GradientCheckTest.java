package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.BatchNorm2d;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Conv2d;
import org.vgg4j.nn.Dropout;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Linear;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Sequential;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** What a check takes, draws, covers and leaves behind. */
class GradientCheckTest {
  private static final GradientCheckOptions LAYER = GradientCheckOptions.LAYER;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void netIsLeftAsItWas(boolean withLoss) {
    NetworkOptions options = NetworkOptions.training(3).withInputGradient();
    try (Backend backend = new ReferenceBackend();
        Network net =
            Network.build(GradientCheckTest::chain, Shape.of(2, 4, 4), options, backend)) {
      net.input(3).upload(GradientCheck.distinctValues(Shape.of(3, 2, 4, 4), 1));
      net.counters().get(0).value(7);
      net.stepState().set(3, 5, 0.1);
      List<double[]> before = state(net);
      GradientCheck check = new GradientCheck(backend, LAYER);
      GradientReport report =
          withLoss ? check.loss("net", net, new int[] {0, 2, 1}) : check.outputs("net", net, 3);
      assertTrue(report.passed(), report.table());
      List<double[]> after = state(net);
      for (int i = 0; i < before.size(); i++) {
        assertArrayEquals(before.get(i), after.get(i));
      }
      assertEquals(7, net.counters().get(0).value());
      assertEquals(5, net.stepState().forwardPass());
    }
  }

  private static Module chain() {
    return new Sequential(
        new Conv2d(new Conv2dSpec(2, 2, 3, 1, false, false), Initialization.PYTORCH),
        new BatchNorm2d(BatchNorm2dSpec.of(2, true)),
        new Dropout(0.3),
        new Linear(new LinearSpec(32, 3, false), Initialization.PYTORCH));
  }

  private static List<double[]> state(Network net) {
    List<double[]> state = new ArrayList<>();
    state.add(Values.of(net.input(3)));
    for (Parameter parameter : net.parameters()) {
      state.add(Values.of(parameter.value()));
    }
    for (Buffer buffer : net.buffers()) {
      state.add(Values.of(buffer.value()));
    }
    return state;
  }

  /**
   * Of a frozen batch norm the running statistics are what counts, so buffers move, too. The second
   * backward is the first at the point that is checked.
   */
  @Test
  void moduleIsCheckedAwayFromItsStartingValues() {
    List<double[]> seen = new ArrayList<>();
    List<Buffer> buffers = new ArrayList<>();
    ElementwiseModule module =
        new ElementwiseModule(Math::tanh, x -> 0) {
          @Override
          public Layout build(BuildContext context, Layout x) {
            buffers.add(context.buffer("scale", x.shape(), 1));
            return super.build(context, x);
          }

          @Override
          public Tensor backward(Tensor dy) {
            seen.add(Values.of(w.value()));
            seen.add(Values.of(buffers.get(0).value()));
            return super.backward(dy);
          }
        };
    check(LAYER, module.tamperX((dx, x) -> seen.add(x)), Shape.of(2, 30));
    seen.subList(0, 3).clear();
    for (int i = 0; i < 2; i++) {
      double[] values = Arrays.stream(seen.get(i)).map(value -> value - 1).toArray();
      assertTrue(Arrays.stream(values).allMatch(value -> Math.abs(value) <= 0.25));
      assertTrue(Arrays.stream(values).anyMatch(value -> value > 0.15));
      assertTrue(Arrays.stream(values).anyMatch(value -> value < -0.15));
    }
    assertFalse(Arrays.equals(seen.get(0), seen.get(1)));
    assertArrayEquals(GradientCheck.distinctValues(Shape.of(2, 30), LAYER.seed()), seen.get(2));
  }

  /** A forward may read the running values that it moves; each evaluation finds them alike. */
  @Test
  void buffersArePutBackBeforeEachForward() {
    ElementwiseModule module =
        new ElementwiseModule(Math::tanh, x -> 1 - Math.tanh(x) * Math.tanh(x)) {
          private Buffer scale;
          private double[] used;

          @Override
          public Layout build(BuildContext context, Layout x) {
            scale = context.buffer("scale", x.shape(), 1);
            return super.build(context, x);
          }

          @Override
          public Tensor forward(Tensor x, boolean training) {
            double[] ys = Values.of(super.forward(x, training));
            used = Values.of(scale.value());
            for (int i = 0; i < ys.length; i++) {
              ys[i] *= used[i];
            }
            if (training) {
              scale.value().upload(Arrays.stream(used).map(factor -> factor + 1).toArray());
            }
            y.tensor().upload(ys);
            return y.tensor();
          }

          @Override
          public Tensor backward(Tensor dy) {
            double[] dys = Values.of(dy);
            for (int i = 0; i < dys.length; i++) {
              dys[i] *= used[i];
            }
            dy.upload(dys);
            return super.backward(dy);
          }
        };
    GradientReport report = check(LAYER, module, Shape.of(2, 3));
    assertTrue(report.passed(), report.table());
  }

  @Test
  void inputIsCheckedOnlyWhereTheNetHasItsGradient() {
    NetworkOptions options = NetworkOptions.training(2).withRepeatedBackward();
    try (Backend backend = new ReferenceBackend();
        Network net =
            Network.build(
                () -> new Linear(new LinearSpec(3, 2, false), Initialization.PYTORCH),
                Shape.of(3),
                options,
                backend)) {
      net.input(2).upload(GradientCheck.distinctValues(Shape.of(2, 3), 1));
      GradientReport report = new GradientCheck(backend, LAYER).outputs("linear", net, 2);
      assertEquals(
          List.of("weight", "bias"), report.tensors().stream().map(TensorReport::tensor).toList());
      assertTrue(report.passed(), report.table());
    }
  }

  @Test
  void largeTensorsAreSampledAndTheReportSaysSo() {
    Shape x = Shape.of(2, 3, 7, 5);
    GradientReport report = check(LAYER.withMaxElements(50), ElementwiseModule.smooth(), x);
    for (TensorReport tensor : report.tensors()) {
      assertEquals(50, tensor.checked());
      assertEquals(210, tensor.total());
    }
    assertTrue(report.table().contains(" 50/210 "), report.table());
  }

  /** Distinct elements spread over all of the tensor; the same for a seed, others for another. */
  @Test
  void drawOfElements() {
    int[] first = drawn(1);
    assertEquals(50, Arrays.stream(first).distinct().count());
    for (int k = 0; k < 50; k++) {
      assertTrue(first[k] >= k * 210 / 50 && first[k] < (k + 1) * 210 / 50, k + ": " + first[k]);
    }
    assertArrayEquals(first, drawn(1));
    assertFalse(Arrays.equals(first, drawn(2)));
  }

  private static int[] drawn(long key) {
    double[] weights = {1};
    CentralDifferences differences =
        new CentralDifferences(() -> new double[] {0}, weights, LAYER.withMaxElements(50));
    try (Backend backend = new ReferenceBackend();
        Network net =
            Network.build(
                () -> new Dropout(0), Shape.of(210), NetworkOptions.inference(1), backend)) {
      return Arrays.stream(differences.of(net.input(1), key)).mapToInt(Estimate::index).toArray();
    }
  }

  @Test
  void sameSeedSameReport() {
    Shape x = Shape.of(2, 2, 3, 3);
    GradientReport first = check(LAYER.withSeed(4), new BatchNorm2d(norm()), x);
    assertEquals(first, check(LAYER.withSeed(4), new BatchNorm2d(norm()), x));
    assertNotEquals(first, check(LAYER.withSeed(5), new BatchNorm2d(norm()), x));
  }

  private static BatchNorm2dSpec norm() {
    return BatchNorm2dSpec.of(2, false);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 96, 97, 1000})
  void distinctValuesAreDistinctAndApartFromZero(int count) {
    double[] values = GradientCheck.distinctValues(Shape.of(count), 9);
    double gap = 3.0 / count;
    double[] sorted = Arrays.stream(values).sorted().toArray();
    assertTrue(sorted[0] >= -1.5 && sorted[count - 1] <= 1.5);
    for (int i = 1; i < count; i++) {
      assertEquals(gap, sorted[i] - sorted[i - 1], 1e-9);
    }
    double[] sizes = Arrays.stream(values).map(Math::abs).sorted().toArray();
    assertEquals(gap / 4, sizes[0], 1e-9);
    for (int i = 1; i < count; i++) {
      assertEquals(gap / 2, sizes[i] - sizes[i - 1], gap * 0.5001);
      assertTrue(sizes[i] - sizes[i - 1] >= gap * 0.4999);
    }
    assertTrue(count < 90 || !Arrays.equals(values, sorted));
  }

  @Test
  void enginesThatDoNotComputeInDoubleAreRefused() {
    try (Backend backend = Backends.open("cpu").backend()) {
      InvalidInputException e =
          assertThrows(InvalidInputException.class, () -> new GradientCheck(backend, LAYER));
      assertTrue(e.getMessage().contains("cpu computes in F32"), e.getMessage());
    }
  }

  @Test
  void optionsAreChecked() {
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(InvalidInputException.class, () -> LAYER.withTolerance(bad));
      assertThrows(InvalidInputException.class, () -> LAYER.withStep(bad));
      assertThrows(InvalidInputException.class, () -> LAYER.withFloor(bad));
    }
    assertThrows(InvalidInputException.class, () -> LAYER.withMaxElements(0));
  }

  private static GradientReport check(GradientCheckOptions options, Module module, Shape x) {
    try (Backend backend = new ReferenceBackend()) {
      return new GradientCheck(backend, options).module("module", module, x);
    }
  }
}
