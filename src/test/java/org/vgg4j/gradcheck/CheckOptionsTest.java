package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Relu;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * What the options change, and what reports say of wrong elements: range, tolerance per element and
 * for repeats, exclusion.
 */
class CheckOptionsTest {
  private static final GradientCheckOptions LAYER = GradientCheckOptions.LAYER;
  private static final Shape X = Shape.of(2, 3, 4);
  private static final int PLANTED = 17; // [1, 1, 1]

  @Test
  void logarithmIsCheckedWherePositive() {
    GradientReport anywhere = check(LAYER, new ElementwiseModule(Math::log, x -> 1 / x));
    assertTrue(Double.isNaN(anywhere.error()), anywhere.table());
    GradientReport positive =
        check(LAYER.withRange(0.5, 3), new ElementwiseModule(Math::log, x -> 1 / x));
    assertTrue(positive.passed(), positive.table());
    GradientReport wrong =
        check(LAYER.withRange(0.5, 3), new ElementwiseModule(Math::log, x -> 1.001 / x));
    assertFalse(wrong.passed(), wrong.table());
  }

  /** And, where the range holds 0, as far from it as from each other. */
  @ParameterizedTest
  @CsvSource({"0.5, 3", "-7, -6.9", "0, 1", "-1, 3", "-3, 1", "-1.5, 1.5"})
  void valuesAreInTheRange(double low, double high) {
    for (int count : new int[] {1, 2, 3, 96, 97}) {
      double gap = (high - low) / count;
      double[] values = GradientCheck.distinctValues(Shape.of(count), new InputRange(low, high), 5);
      double[] sorted = Arrays.stream(values).sorted().toArray();
      assertTrue(sorted[0] >= low && sorted[count - 1] <= high, Arrays.toString(sorted));
      for (int i = 1; i < count; i++) {
        assertEquals(gap, sorted[i] - sorted[i - 1], 1e-9);
      }
      assertTrue(Arrays.stream(values).allMatch(value -> Math.abs(value) >= gap * 0.2499));
    }
  }

  @Test
  void rangeReachesTheModule() {
    double[] first = new double[24];
    GradientReport report =
        check(
            LAYER.withRange(-1, 3),
            new ElementwiseModule(x -> Math.max(x, 0), x -> x > 0 ? 1 : 0)
                .tamperX((dx, x) -> System.arraycopy(x, 0, first, 0, 24)));
    assertTrue(report.passed(), report.table());
    assertEquals(0, report.kinks(), report.table());
    assertTrue(Arrays.stream(first).max().orElseThrow() > 2.7);
    assertTrue(Arrays.stream(first).min().orElseThrow() < -0.7);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "NaN, 1", "0, Infinity", "-Infinity, 0"})
  void badRangesAreRefused(double low, double high) {
    assertThrows(InvalidInputException.class, () -> LAYER.withRange(low, high));
  }

  @Test
  void wrongElementsAreCountedAndPlaced() {
    TensorReport one = x(tampered(PLANTED));
    assertEquals(List.of(PLANTED), one.wrong());
    assertEquals(List.of(1, 1, 1), one.position(PLANTED));
    GradientReport some = tampered(3, 17, 22);
    assertEquals(List.of(3, 17, 22), x(some).wrong());
    assertContains(
        some,
        " at 3 of 24 elements ([0, 0, 3], [1, 1, 1], [1, 2, 2]), most at [",
        "FAILED, 3 wrong");
    assertContains(tampered(PLANTED), " at 1 of 24 elements, most at [1, 1, 1] of 2x3x4: ");
    assertContains(tampered(0, 5, 10, 11, 18), "([0, 0, 0], [0, 1, 1], [0, 2, 2], [0, 2, 3], ...)");
  }

  /** The last column, say, or one sample. */
  @Test
  void wrongSliceIsNamed() {
    assertContains(tampered(3, 7, 11, 15, 19, 23), " at 6 of 24 elements (all in [*, *, 3]), ");
    assertContains(tampered(16, 17, 19), "(all in [1, 1, *])");
  }

  /** The gradient of one element is tiny, and wrong by a hundredth. */
  @Test
  void elementIsMeasuredByItsOwnGradient() {
    GradientReport report = check(LAYER, tiny(1.01));
    TensorReport x = x(report);
    assertTrue(x.error() < LAYER.tolerance(), report.table());
    assertEquals(0.0099, x.elementError(), 0.002);
    assertEquals(List.of(PLANTED), x.wrong());
    assertFalse(report.passed());
    assertContains(
        report,
        "x is off by ",
        " of an element's own gradient (tolerance per element 1e-05) at 1 of");
    assertTrue(check(LAYER, tiny(1)).passed());
    assertTrue(check(LAYER.withPerElement(0.1), tiny(1.01)).passed());
    assertTrue(check(LAYER.withPerElement(Double.POSITIVE_INFINITY), tiny(1.01)).passed());
  }

  /** The slope of f is 2e-6 around the planted element's x, else 1. */
  private static ElementwiseModule tiny(double factor) {
    double planted = GradientCheck.distinctValues(X, 0)[PLANTED];
    return new ElementwiseModule(
        x -> Math.abs(x - planted) < 1e-3 ? 2e-6 * (x - planted) : x,
        x -> x == planted ? factor * 2e-6 : 1);
  }

  @Test
  void repeatsMayDifferByTheirTolerance() {
    GradientReport strict = check(LAYER, drifting());
    assertFalse(strict.passed());
    assertEquals(1, x(strict).repeat().elements());
    GradientReport report = check(LAYER.withRepeat(1e-12), drifting());
    assertTrue(report.passed(), report.table());
    assertEquals(1, x(report).repeat().elements());
    assertEquals(PLANTED, x(report).repeat().index());
  }

  /** Adds in another order, as it were. */
  private static ElementwiseModule drifting() {
    int[] calls = new int[1];
    return ElementwiseModule.smooth()
        .tamperX((dx, x) -> dx[PLANTED] *= 1 + 1e-15 * (calls[0]++ % 2));
  }

  @Test
  void repeatsAreMeasured() {
    assertEquals(Repeat.ALIKE, Repeat.of(new double[] {1, Double.NaN}, nan(1), 1e-3));
    Repeat repeat = Repeat.of(new double[] {8, 5, 1}, new double[] {8, 5.5, 2}, 1e-3);
    assertEquals(new Repeat(2, 0.125, 2, 1, 2), repeat);
    assertEquals(0.25, Repeat.of(new double[] {1}, new double[] {2}, 4).error());
    assertEquals(repeat, repeat.orWorse(Repeat.ALIKE));
    assertEquals(repeat, Repeat.ALIKE.orWorse(repeat));
    assertTrue(Double.isNaN(Repeat.of(new double[] {1, 2}, nan(1), 1e-3).error()));
  }

  private static double[] nan(double first) {
    return new double[] {first, Double.NaN};
  }

  @Test
  void excludedParameterIsNotChecked() {
    GradientReport report = check(LAYER.exclude("w"), wrongInW());
    assertTrue(report.passed(), report.table());
    assertEquals(List.of("x", "b"), report.tensors().stream().map(TensorReport::tensor).toList());
    assertTrue(
        report.table().lines().anyMatch(line -> line.matches(" +w +excluded")), report.table());
    assertFalse(check(LAYER.exclude("b"), wrongInW()).passed());
  }

  private static ElementwiseModule wrongInW() {
    return ElementwiseModule.smooth().tamperW((dw, old) -> dw[0] = 3);
  }

  /** What is drawn for the others does not change. */
  @Test
  void exclusionChangesNothingElse() {
    GradientCheckOptions few = LAYER.withMaxElements(5);
    GradientReport all = check(few, ElementwiseModule.smooth());
    GradientReport some = check(few.exclude("w"), ElementwiseModule.smooth());
    assertEquals(all.tensors().get(2), some.tensors().get(1));
  }

  /** A table of words, for instance, has no gradient by its input. */
  @Test
  void excludedInputIsNotAskedFor() {
    boolean[] asked = new boolean[1];
    ElementwiseModule module =
        new ElementwiseModule(Math::tanh, x -> 1 - Math.tanh(x) * Math.tanh(x)) {
          @Override
          public Layout build(BuildContext context, Layout x) {
            asked[0] = context.usage().inputGradient();
            return super.build(context, x);
          }

          @Override
          public Tensor backward(Tensor dy) {
            super.backward(dy);
            return null;
          }
        };
    GradientReport report = check(LAYER.exclude("x"), module);
    assertFalse(asked[0]);
    assertTrue(report.passed(), report.table());
    assertEquals(List.of("w", "b"), report.tensors().stream().map(TensorReport::tensor).toList());
  }

  @Test
  void unknownExclusionIsRefused() {
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class,
            () -> check(LAYER.exclude("weigth"), ElementwiseModule.smooth()));
    assertEquals("module: there is no weigth to exclude; it has x, w, b", e.getMessage());
  }

  @Test
  void everythingExcludedIsNoPass() {
    GradientReport report = check(LAYER.exclude("x"), new Relu());
    assertEquals(List.of("module: nothing was checked"), report.failures());
  }

  @Test
  void optionsKeepEachOther() {
    GradientCheckOptions options =
        LAYER
            .withTolerance(1e-3)
            .withPerElement(2)
            .withRepeat(3)
            .withStep(4)
            .withFloor(5)
            .withMaxElements(6)
            .withRange(7, 8)
            .inEvaluation()
            .exclude("a")
            .exclude("b")
            .withSeed(9);
    assertEquals(
        new GradientCheckOptions(
            1e-3, 2, 3, 4, 5, 6, new InputRange(7, 8), false, Set.of("a", "b"), 9),
        options);
    assertEquals(1e-4, GradientCheckOptions.NET.perElement(), 1e-12);
    assertThrows(InvalidInputException.class, () -> LAYER.withPerElement(0));
    assertThrows(InvalidInputException.class, () -> LAYER.withPerElement(Double.NaN));
    assertThrows(InvalidInputException.class, () -> LAYER.withRepeat(-1e-9));
    assertThrows(InvalidInputException.class, () -> LAYER.withRepeat(Double.NaN));
  }

  private static GradientReport tampered(int... elements) {
    return check(
        LAYER,
        ElementwiseModule.smooth()
            .tamperX(
                (dx, x) -> {
                  for (int element : elements) {
                    dx[element] += 0.1;
                  }
                }));
  }

  private static TensorReport x(GradientReport report) {
    return report.tensors().get(0);
  }

  private static void assertContains(GradientReport report, String... parts) {
    for (String part : parts) {
      assertTrue(report.table().contains(part), report.table());
    }
  }

  private static GradientReport check(GradientCheckOptions options, Module module) {
    return check(options, module, X);
  }

  private static GradientReport check(GradientCheckOptions options, Module module, Shape x) {
    try (Backend backend = new ReferenceBackend()) {
      return new GradientCheck(backend, options).module("module", module, x);
    }
  }
}
