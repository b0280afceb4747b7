package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.SlabRate;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WindowPlan;
import org.vgg4j.testing.Errors;

/**
 * Every operation of an engine against the double-precision reference, on the same inputs (rounded
 * to the engine's activation type before both), outputs filled with NaN beforehand. An engine's
 * test is a subclass that opens it.
 */
abstract class EngineOperationsTest {
  private static final List<SlabRate> PARTS =
      List.of(new SlabRate(0, 1), new SlabRate(64, 0.25), new SlabRate(5056, 3));

  /** Opens the engine under test. */
  abstract Backend open();

  /** Returns how many times larger rounding errors may be than those of plain sums. */
  double growth() {
    return 1;
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  /** One operation on one engine. */
  private interface Case {
    Outputs run(Bench bench);
  }

  /** Runs a case on both engines, on the same inputs, and compares. */
  private void compare(String what, Case operation) {
    Outputs actual;
    try (Bench bench = new Bench(open())) {
      actual = operation.run(bench);
    }
    Outputs right = right(operation, actual.stored());
    actual.compare(right, getClass().getSimpleName(), what, growth());
  }

  private void exact(String what, Case operation) {
    try (Bench bench = new Bench(open())) {
      Outputs actual = operation.run(bench);
      actual.exact(right(operation, actual.stored()), what);
    }
  }

  private static Outputs right(Case operation, DType inputs) {
    try (Bench bench = new Bench(new ReferenceBackend(), inputs)) {
      return operation.run(bench);
    }
  }

  /** C, K and side of each kind of convolution in VGG16 at 1/16 of its width and 32 pixels. */
  private static final int[][] VGG = {
    {1, 4, 32},
    {4, 4, 32},
    {4, 8, 16},
    {8, 8, 16},
    {8, 16, 8},
    {16, 16, 8},
    {16, 32, 4},
    {32, 32, 4},
    {32, 32, 2}
  };

  private static <T> Stream<T> ofVgg(Function<int[], T> layer) {
    return Arrays.stream(VGG).map(layer);
  }

  record ConvCase(
      int n, int c, int k, int h, int w, int kernel, int padding, boolean bias, boolean relu) {
    ConvCase(int n, int c, int k, int h, int w, int kernel, boolean bias, boolean relu) {
      this(n, c, k, h, w, kernel, kernel / 2, bias, relu);
    }
  }

  static Stream<ConvCase> convolutions() {
    Stream<ConvCase> vgg =
        ofVgg(l -> new ConvCase(3, l[0], l[1], l[2], l[2], 3, l[2] > 4, l[2] > 8));
    Stream<ConvCase> others =
        Stream.of(
            new ConvCase(1, 1, 1, 1, 1, 3, true, false),
            new ConvCase(1, 1, 8, 7, 5, 3, false, false),
            new ConvCase(2, 3, 5, 9, 4, 3, true, true),
            new ConvCase(3, 8, 16, 6, 6, 3, false, false),
            new ConvCase(2, 16, 16, 7, 9, 3, true, false),
            new ConvCase(2, 17, 33, 5, 5, 3, true, true),
            new ConvCase(4, 64, 64, 14, 14, 3, false, false),
            new ConvCase(1, 128, 96, 4, 4, 3, true, false),
            new ConvCase(2, 24, 24, 5, 6, 1, true, true),
            new ConvCase(5, 64, 32, 2, 2, 1, false, false),
            new ConvCase(2, 16, 40, 7, 7, 7, 0, true, true), // a fully convolutional net's
            new ConvCase(2, 16, 40, 9, 12, 7, 0, true, true),
            new ConvCase(3, 6, 10, 5, 4, 2, 0, true, true),
            new ConvCase(1, 5, 7, 4, 9, 4, 0, false, false),
            new ConvCase(2, 40, 10, 3, 5, 1, 0, true, false));
    return Stream.concat(vgg, others);
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void convolution(ConvCase c) {
    compare(c.toString(), bench -> convolution(bench, c, Bench::random));
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void convolutionOfIntegersIsExact(ConvCase c) {
    exact(c.toString(), bench -> convolution(bench, c, Bench::integers));
  }

  private interface Fill {
    double[] values(Shape shape, long seed);
  }

  private static Outputs convolution(Bench bench, ConvCase c, Fill fill) {
    Conv2dSpec spec = new Conv2dSpec(c.c(), c.k(), c.kernel(), c.padding(), c.bias(), c.relu());
    Shape xShape = Shape.of(c.n(), c.c(), c.h(), c.w());
    Shape yShape = spec.y(xShape);
    Layout xLayout = bench.plain(xShape);
    WeightedPlan plan = bench.own(bench.backend().conv2d(spec, xLayout, null, Usage.TRAINING));
    Tensor x = bench.tensor(xLayout, fill.values(xShape, 1));
    Tensor w = bench.tensor(plan.w(), fill.values(spec.w(), 2));
    Tensor b = c.bias() ? bench.master(spec.b(), fill.values(spec.b(), 3)) : null;
    Tensor y = bench.output(plan.y());
    Tensor dy = bench.tensor(plan.y(), fill.values(yShape, 4));
    Tensor dx = bench.output(xLayout);
    Tensor dw = bench.output(plan.dw());
    Tensor db = c.bias() ? bench.output(bench.master(spec.b())) : null;
    plan.forward(x, w, b, y);
    plan.backwardWeights(x, dy, dw, db);
    plan.backwardData(w, dy, dx);
    int stored = c.bias() ? 2 : 1; // The bias is rounded too, or what it is added to.
    int window = c.kernel() * c.kernel();
    int positions = c.n() * yShape.dim(2) * yShape.dim(3);
    Outputs outputs = new Outputs(bench);
    outputs.add("convolution y", y, c.c() * window, stored);
    outputs.add("convolution dx", dx, c.k() * window);
    outputs.add("convolution dw", dw, positions, 1);
    if (c.bias()) {
      outputs.add("convolution db", db, positions);
    }
    // A second plan over the same weights, as the last, smaller batch of an epoch has, and one for
    // inference.
    for (Usage usage : List.of(Usage.FIRST_LAYER, Usage.INFERENCE)) {
      WeightedPlan second = bench.own(bench.backend().conv2d(spec, xLayout, plan.w(), usage));
      Tensor again = bench.output(second.y());
      second.forward(x, w, b, again);
      outputs.add("convolution y", again, c.c() * window, stored);
      if (usage.training()) {
        Tensor dwAgain = bench.output(plan.dw());
        Tensor dySecond = bench.tensor(second.y(), fill.values(yShape, 4));
        second.backwardWeights(x, dySecond, dwAgain, null);
        outputs.add("convolution dw", dwAgain, positions, 1);
      }
    }
    return outputs;
  }

  record NormCase(int n, int c, int h, int w, boolean relu, boolean frozen) {}

  static Stream<NormCase> norms() {
    Stream<NormCase> vgg = ofVgg(l -> new NormCase(3, l[1], l[2], l[2], true, false));
    Stream<NormCase> others =
        Stream.of(
            new NormCase(2, 1, 2, 1, false, false), // of two values dx is all cancellation
            new NormCase(1, 3, 5, 7, true, false),
            new NormCase(4, 16, 6, 6, true, false),
            new NormCase(3, 17, 3, 5, false, false),
            new NormCase(2, 64, 8, 8, true, true),
            new NormCase(3, 5, 4, 3, false, true));
    return Stream.concat(vgg, others);
  }

  @ParameterizedTest
  @MethodSource("norms")
  void batchNorm(NormCase c) {
    compare(c.toString(), bench -> batchNorm(bench, c));
  }

  /**
   * Checks that what is computed again is the same to the bit, and moves no running statistics;
   * returns what was saved again.
   */
  private static Tensor requireSameAgain(
      Bench bench,
      BatchNorm2dPlan plan,
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor mean,
      Tensor var,
      Tensor y,
      Tensor saved) {
    double[] expected = Bench.values(y);
    double[] means = Bench.values(mean);
    double[] vars = Bench.values(var);
    Tensor again = bench.output(plan.y());
    plan.normalizeAgain(x, gamma, beta, again, saved);
    assertArrayEquals(expected, Bench.values(again));
    again = bench.output(plan.y());
    Tensor savedAgain = bench.opaque(plan.saved());
    plan.forwardAgain(x, gamma, beta, mean, var, again, savedAgain);
    assertArrayEquals(expected, Bench.values(again));
    assertArrayEquals(means, Bench.values(mean));
    assertArrayEquals(vars, Bench.values(var));
    return savedAgain;
  }

  private static Outputs batchNorm(Bench bench, NormCase c) {
    BatchNorm2dSpec spec = new BatchNorm2dSpec(c.c(), 1e-5, 0.1, c.relu(), c.frozen());
    Shape shape = Shape.of(c.n(), c.c(), c.h(), c.w());
    Shape channel = spec.parameter();
    Layout layout = convolved(bench, shape);
    BatchNorm2dPlan plan = bench.own(bench.backend().batchNorm2d(spec, layout, Usage.TRAINING));
    Tensor x = bench.tensor(layout, Bench.random(shape, 5));
    Tensor gamma = bench.master(channel, Bench.random(channel, 6));
    Tensor beta = bench.master(channel, Bench.random(channel, 7));
    Tensor mean = bench.master(channel, Bench.random(channel, 8));
    double[] positive = Bench.random(channel, 9);
    Tensor var =
        bench.master(channel, Arrays.stream(positive).map(v -> (float) (1.5 + v)).toArray());
    Tensor y = bench.output(plan.y());
    Tensor inference = bench.output(plan.y());
    Tensor dy = bench.tensor(plan.y(), Bench.random(shape, 10));
    Tensor dx = bench.output(layout);
    Tensor dgamma = bench.output(bench.master(channel));
    Tensor dbeta = bench.output(bench.master(channel));
    Tensor saved = bench.opaque(plan.saved());
    plan.forwardInference(x, gamma, beta, mean, var, inference);
    plan.forwardTraining(x, gamma, beta, mean, var, y, saved);
    Tensor savedAgain = requireSameAgain(bench, plan, x, gamma, beta, mean, var, y, saved);
    plan.backward(x, dy, gamma, beta, savedAgain, dx, dgamma, dbeta);
    double[] fromSavedAgain = Bench.values(dx);
    plan.backward(x, dy, gamma, beta, saved, dx, dgamma, dbeta);
    assertArrayEquals(Bench.values(dx), fromSavedAgain);
    int count = c.n() * c.h() * c.w();
    return new Outputs(bench)
        .add("batch norm y", y, count)
        .add("batch norm y (inference)", inference, 1)
        .add("batch norm dx", dx, 16 * count)
        .add("batch norm dgamma", dgamma, 16 * count)
        .add("batch norm dbeta", dbeta, count)
        .add("batch norm running mean", mean, count)
        .add("batch norm running var", var, count);
  }

  /** Returns the layout that the engine's own convolution would hand to the next operation. */
  private static Layout convolved(Bench bench, Shape y) {
    Conv2dSpec spec = new Conv2dSpec(y.dim(1), y.dim(1), 3, 1, false, false);
    return bench.own(bench.backend().conv2d(spec, bench.plain(y), null, Usage.TRAINING)).y();
  }

  static Stream<Shape> images() {
    Stream<Shape> vgg = ofVgg(l -> Shape.of(2, l[1], l[2], l[2]));
    Stream<Shape> others =
        Stream.of(
            Shape.of(1, 1, 2, 2),
            Shape.of(2, 3, 5, 7),
            Shape.of(3, 16, 6, 4),
            Shape.of(2, 20, 9, 8),
            Shape.of(1, 64, 14, 14));
    return Stream.concat(vgg, others);
  }

  @ParameterizedTest
  @MethodSource("images")
  void relu(Shape shape) {
    compare(
        "relu " + shape,
        bench -> {
          Layout layout = convolved(bench, shape);
          ReluPlan plan = bench.own(bench.backend().relu(layout, Usage.TRAINING));
          Tensor x = bench.tensor(layout, Bench.random(shape, 11));
          Tensor dy = bench.tensor(layout, Bench.random(shape, 12));
          Tensor y = bench.output(layout);
          Tensor dx = bench.output(layout);
          plan.forward(x, y);
          plan.backward(y, dy, dx);
          return new Outputs(bench).add("ReLU y", y, 0).add("ReLU dx", dx, 0);
        });
  }

  @ParameterizedTest
  @MethodSource("images")
  void maxPool(Shape shape) {
    for (MaxPool2dSpec spec : List.of(new MaxPool2dSpec(2, 2), new MaxPool2dSpec(2, 1))) {
      compare(spec + " " + shape, bench -> maxPool(bench, spec, shape, Bench::random));
      // Ties: of equal values the first must win, or the gradient goes elsewhere.
      compare(spec + " ties " + shape, bench -> maxPool(bench, spec, shape, Bench::integers));
    }
  }

  private static Outputs maxPool(Bench bench, MaxPool2dSpec spec, Shape shape, Fill fill) {
    Layout layout = convolved(bench, shape);
    WindowPlan plan = bench.own(bench.backend().maxPool2d(spec, layout, Usage.TRAINING));
    Tensor x = bench.tensor(layout, fill.values(shape, 13));
    Tensor y = bench.output(plan.y());
    Tensor dy = bench.tensor(plan.y(), Bench.random(spec.y(shape), 14));
    Tensor dx = bench.output(layout);
    Tensor saved = bench.opaque(plan.saved());
    plan.forward(x, y, saved);
    plan.backward(x, y, dy, saved, dx);
    WindowPlan forward = bench.own(bench.backend().maxPool2d(spec, layout, Usage.INFERENCE));
    Tensor again = bench.output(forward.y());
    forward.forward(x, again, null);
    return new Outputs(bench)
        .add("max-pool y", y, 0)
        .add("max-pool y", again, 0)
        .add("max-pool dx", dx, 4);
  }

  @ParameterizedTest
  @MethodSource("images")
  void adaptiveAvgPool(Shape shape) {
    for (AdaptiveAvgPool2dSpec spec :
        List.of(
            new AdaptiveAvgPool2dSpec(7, 7),
            new AdaptiveAvgPool2dSpec(1, 1),
            new AdaptiveAvgPool2dSpec(3, 2))) {
      compare(spec + " " + shape, bench -> adaptiveAvgPool(bench, spec, shape));
    }
  }

  private static Outputs adaptiveAvgPool(Bench bench, AdaptiveAvgPool2dSpec spec, Shape shape) {
    Layout layout = convolved(bench, shape);
    WindowPlan plan = bench.own(bench.backend().adaptiveAvgPool2d(spec, layout, Usage.TRAINING));
    Tensor x = bench.tensor(layout, Bench.random(shape, 13));
    Tensor y = bench.output(plan.y());
    Tensor dy = bench.tensor(plan.y(), Bench.random(spec.y(shape), 14));
    Tensor dx = bench.output(layout);
    plan.forward(x, y, null);
    plan.backward(x, y, dy, null, dx);
    int window = shape.dim(2) * shape.dim(3);
    int outputs = spec.height() * spec.width();
    return new Outputs(bench)
        .add("adaptive average pool y", y, window + 1)
        .add("adaptive average pool dx", dx, outputs + 2);
  }

  record LinearCase(Shape x, int out, boolean relu) {}

  static Stream<LinearCase> linears() {
    return Stream.of(
        new LinearCase(Shape.of(3, 32, 7, 7), 256, true), // VGG's three, at 1/16 of their width
        new LinearCase(Shape.of(3, 256), 256, true),
        new LinearCase(Shape.of(3, 256), 10, false),
        new LinearCase(Shape.of(1, 1), 1, false),
        new LinearCase(Shape.of(5, 7), 3, true),
        new LinearCase(Shape.of(13, 48), 21, true),
        new LinearCase(Shape.of(64, 128), 96, false),
        new LinearCase(Shape.of(3, 16, 2, 3), 10, true),
        new LinearCase(Shape.of(2, 17, 7, 7), 33, false),
        new LinearCase(Shape.of(8, 32, 1, 1), 64, false));
  }

  @ParameterizedTest
  @MethodSource("linears")
  void linear(LinearCase c) {
    compare(c.toString(), bench -> linear(bench, c, Bench::random));
    exact(c.toString(), bench -> linear(bench, c, Bench::integers));
  }

  private static Outputs linear(Bench bench, LinearCase c, Fill fill) {
    int in = (int) (c.x().elementCount() / c.x().dim(0));
    LinearSpec spec = new LinearSpec(in, c.out(), c.relu());
    Shape yShape = spec.y(c.x());
    Layout xLayout = c.x().rank() == 4 ? convolved(bench, c.x()) : bench.plain(c.x());
    WeightedPlan plan = bench.own(bench.backend().linear(spec, xLayout, null, Usage.TRAINING));
    Tensor x = bench.tensor(xLayout, fill.values(c.x(), 15));
    Tensor w = bench.tensor(plan.w(), fill.values(spec.w(), 16));
    Tensor b = bench.master(spec.b(), fill.values(spec.b(), 17));
    Tensor dy = bench.tensor(plan.y(), fill.values(yShape, 18));
    Tensor y = bench.output(plan.y());
    Tensor dx = bench.output(xLayout);
    Tensor dw = bench.output(plan.dw());
    Tensor db = bench.output(bench.master(spec.b()));
    plan.forward(x, w, b, y);
    plan.backwardData(w, dy, dx);
    plan.backwardWeights(x, dy, dw, db);
    WeightedPlan second =
        bench.own(bench.backend().linear(spec, xLayout, plan.w(), Usage.INFERENCE));
    Tensor again = bench.output(second.y());
    second.forward(x, w, b, again);
    return new Outputs(bench)
        .add("linear y", y, in, 2)
        .add("linear y", again, in, 2)
        .add("linear dx", dx, c.out())
        .add("linear dw", dw, c.x().dim(0))
        .add("linear db", db, c.x().dim(0));
  }

  @ParameterizedTest
  @MethodSource("images")
  void localResponseNorm(Shape shape) {
    for (LrnSpec spec : List.of(LrnSpec.KRIZHEVSKY, new LrnSpec(3, 0.5, 0.75, 1))) {
      compare(
          spec + " " + shape,
          bench -> {
            Layout layout = convolved(bench, shape);
            WindowPlan plan =
                bench.own(bench.backend().localResponseNorm(spec, layout, Usage.TRAINING));
            Tensor x = bench.tensor(layout, Bench.random(shape, 19));
            Tensor dy = bench.tensor(plan.y(), Bench.random(shape, 20));
            Tensor y = bench.output(plan.y());
            Tensor dx = bench.output(layout);
            Tensor saved = bench.opaque(plan.saved());
            plan.forward(x, y, saved);
            plan.backward(x, y, dy, saved, dx);
            return new Outputs(bench)
                .add("local response norm y", y, 25)
                .add("local response norm dx", dx, 100, 2);
          });
    }
  }

  @Test
  void dropout() {
    Shape shape = Shape.of(3, 5001);
    compare(
        "dropout",
        bench -> {
          StepState state = bench.state();
          state.seed(42);
          state.set(3, 7, 0.1, 3, 1, 1_000_003);
          Layout layout = bench.plain(shape);
          DropoutPlan plan =
              bench.own(bench.backend().dropout(new DropoutSpec(0.3, 2), layout, state));
          Tensor x = bench.tensor(layout, Bench.random(shape, 21));
          Tensor y = bench.output(layout);
          Tensor dx = bench.output(layout);
          plan.forward(x, y);
          plan.backward(x, dx);
          return new Outputs(bench).add("dropout y", y, 0).add("dropout dx", dx, 0);
        });
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1})
  void crossEntropy(double labelSmoothing) {
    Shape shape = Shape.of(4, 10);
    Function<Bench, Outputs> run =
        bench -> {
          StepState state = bench.state();
          LossAccumulator sums = bench.own(bench.backend().newLossAccumulator());
          CrossEntropyPlan plan =
              bench.own(
                  bench.backend().crossEntropy(bench.plain(shape), state, sums, labelSmoothing));
          state.setLoss(3, 1.0 / 3);
          double[] values = Arrays.stream(Bench.random(shape, 22)).map(v -> v * 8).toArray();
          values[10] = 1000; // a softmax without the maximum subtracted overflows
          Tensor logits = bench.tensor(shape, values);
          Tensor labels = bench.labels(3, 0, 9, 5);
          Tensor dlogits = bench.output(bench.plain(shape));
          plan.forward(logits, labels, dlogits);
          LossTotals read = sums.read();
          double[] totals = {read.lossSum(), read.correct(), read.inTopFive(), read.count()};
          sums.reset();
          return new Outputs(bench)
              .add("cross entropy dlogits", dlogits, 10)
              .add("cross entropy totals", totals, 10, 0)
              .add("cross entropy reset", new double[] {sums.read().count()}, 0, 0);
        };
    compare("cross entropy", run::apply);
  }

  /** Opening an engine is no use of it: it belongs to the thread that uses it first. */
  @Test
  void openedHereAndUsedThere() throws InterruptedException {
    try (Backend backend = open()) {
      Throwable[] failure = new Throwable[1];
      Thread there =
          new Thread(
              () -> {
                try (Arena arena = backend.allocate(256)) {
                  arena.zero();
                } catch (RuntimeException e) {
                  failure[0] = e;
                }
              });
      there.start();
      there.join();
      assertNull(failure[0]);
    }
  }

  @Test
  void valuesThatAreNotFiniteAreSeen() {
    try (Bench bench = new Bench(open())) {
      Shape shape = Shape.of(1003);
      Tensor tensor = bench.tensor(shape, Bench.random(shape, 30));
      assertTrue(tensor.isFinite());
      for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, 501, 1002}) {
          double[] values = Bench.random(shape, 30);
          values[at] = bad;
          assertFalse(bench.tensor(shape, values).isFinite(), () -> bad + " at " + at);
        }
      }
    }
  }

  @Test
  void optimizers() {
    compare("Adam", bench -> optimizer(bench, 2));
    compare("SGD with momentum", bench -> optimizer(bench, 1));
    compare("SGD", bench -> optimizer(bench, 0));
  }

  @Test
  void partsWithLearningRatesOfTheirOwn() {
    compare("Adam in parts", bench -> optimizer(bench, 2, PARTS));
    compare("SGD with momentum in parts", bench -> optimizer(bench, 1, PARTS));
    compare("SGD in parts", bench -> optimizer(bench, 0, PARTS));
  }

  /** A norm that is too large, one that is not, and one of squares that no float holds. */
  @ParameterizedTest
  @CsvSource({"0, 3", "0, 1000", "100, 3"})
  void clipping(int exponent, double most) {
    Shape shape = Shape.of(10_001);
    double[] gradients =
        Arrays.stream(Bench.random(shape, 33)).map(x -> Math.scalb(x, exponent)).toArray();
    compare(
        "clipping to " + most,
        bench -> {
          Layout layout = bench.master(shape);
          Arena slab = bench.arena(Arena.align(layout.bytes()));
          slab.tensor(0, layout).upload(gradients);
          bench.own(bench.backend().clip(most, slab)).run();
          return new Outputs(bench).add("clipped gradients", slab.tensor(0, layout), 3);
        });
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void withoutANormEveryGradientIsNotANumber(double bad) {
    try (Bench bench = new Bench(open())) {
      Shape shape = Shape.of(10_001);
      double[] gradients = Bench.random(shape, 33);
      gradients[5003] = bad;
      Layout layout = bench.master(shape);
      Arena slab = bench.arena(Arena.align(layout.bytes()));
      slab.tensor(0, layout).upload(gradients);
      bench.own(bench.backend().clip(1, slab)).run();
      double[] clipped = new double[gradients.length];
      slab.tensor(0, layout).download(clipped);
      assertTrue(Arrays.stream(clipped).allMatch(Double::isNaN));
    }
  }

  /** Of values that have more elements than their average, which stay. */
  @Test
  void averages() {
    Shape shape = Shape.of(10_001);
    compare(
        "average",
        bench -> {
          Layout layout = bench.master(shape);
          long bytes = Arena.align(layout.bytes());
          Arena values = bench.arena(2 * bytes);
          Arena average = bench.arena(bytes);
          values.tensor(0, layout).upload(Bench.random(shape, 34));
          values.tensor(bytes, layout).upload(Bench.random(shape, 35));
          average.tensor(0, layout).upload(Bench.random(shape, 36));
          AveragePlan plan = bench.own(bench.backend().average(0.9, values, average));
          plan.run();
          plan.run(0, 64);
          plan.run(64, 10_001);
          plan.exchange();
          return new Outputs(bench)
              .add("average", values.tensor(0, layout), 6)
              .add("values behind the average", values.tensor(bytes, layout), 0)
              .add("averaged values", average.tensor(0, layout), 0);
        });
  }

  @Test
  void accumulation() {
    Shape shape = Shape.of(10_001);
    compare(
        "accumulation",
        bench -> {
          Layout layout = bench.master(shape);
          long bytes = Arena.align(layout.bytes());
          Arena from = bench.arena(bytes);
          Arena into = bench.arena(bytes);
          from.tensor(0, layout).upload(Bench.random(shape, 31));
          into.tensor(0, layout).upload(Bench.random(shape, 32));
          AccumulatePlan plan = bench.own(bench.backend().accumulate(from, into));
          plan.run();
          plan.run();
          return new Outputs(bench)
              .add("accumulated gradients", into.tensor(0, layout), 3)
              .add("gradients to accumulate", from.tensor(0, layout), 0);
        });
  }

  /** Five updates of a slab that is no multiple of any chunk. */
  private static Outputs optimizer(Bench bench, int moments) {
    return optimizer(bench, moments, List.of(new SlabRate(0, 1)));
  }

  private static Outputs optimizer(Bench bench, int moments, List<SlabRate> rates) {
    Shape shape = Shape.of(10_001);
    Layout layout = bench.master(shape);
    long bytes = Arena.align(layout.bytes());
    Arena p = bench.arena(bytes);
    Arena g = bench.arena(bytes);
    Arena m = moments > 0 ? bench.arena(bytes) : null;
    Arena v = moments > 1 ? bench.arena(bytes) : null;
    StepState state = bench.state();
    Backend backend = bench.backend();
    ParameterSlabs slabs = new ParameterSlabs(p, g).withRates(rates);
    OptimizerPlan plan =
        bench.own(
            moments == 2
                ? backend.adam(new AdamSpec(0.9, 0.999, 1e-8, 0.01), slabs, m, v, state)
                : backend.sgd(new SgdSpec(moments == 1 ? 0.9 : 0, 0.01), slabs, m, state));
    p.tensor(0, layout).upload(Bench.random(shape, 23));
    for (int step = 0; step < 5; step++) {
      g.tensor(0, layout).upload(Bench.random(shape, 24 + step));
      state.set(step, step, 0.01 / (1 + step));
      plan.step();
    }
    Outputs outputs = new Outputs(bench);
    outputs.add("optimizer p", p.tensor(0, layout), 100);
    for (Arena moment : Arrays.asList(m, v)) {
      if (moment != null) {
        outputs.add("optimizer moment", moment.tensor(0, layout), 100);
      }
    }
    return outputs;
  }
}
