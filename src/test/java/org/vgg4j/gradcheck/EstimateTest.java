package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.Shape;

/** The differences of known functions, and the measure of known gradients. */
class EstimateTest {
  private static final double H = 1e-3;
  private static final GradientCheckOptions TOLERANT = GradientCheckOptions.LAYER.withTolerance(1);

  /** The bound that the detection of kinks rests on, at 2001 distances to either side. */
  @Test
  void bendIsAThirdOfAKinksErrorAtLeast() {
    for (int i = -2000; i <= 2000; i++) {
      double kink = i * H / 2000;
      double jump = i % 2 == 0 ? 2 : -0.5;
      Estimate estimate = estimate(t -> 3 * t + jump * Math.max(t - kink, 0), H);
      double slope = kink > 0 ? 3 : 3 + jump;
      double error = Math.abs(estimate.slope() - slope);
      assertEquals(Math.abs(jump) * (H - Math.abs(kink)) / (2 * H), error, 1e-9);
      assertTrue(3 * estimate.bend() >= error - 1e-9, kink + ": " + estimate);
    }
  }

  @Test
  void bendOfASmoothFunctionShrinksWithTheStep() {
    double wide = estimate(t -> Math.exp(2 * t), 1e-2).bend();
    double narrow = estimate(t -> Math.exp(2 * t), 1e-3).bend();
    assertEquals(1e-4, wide, 2e-6); // f''' h^2 / 8
    assertEquals(1e-6, narrow, 2e-8);
  }

  @Test
  void slopeIsDividedByTheStepThatWasReallyMade() {
    double h = 1e-8;
    double x = 1000.3; // x + h and x - h are rounded by up to 6e-14, 6e-6 of h
    Estimate.Samples samples =
        new Estimate.Samples(
            x,
            new double[] {x},
            new double[] {x + h},
            new double[] {x - h},
            new double[] {x + h / 2},
            new double[] {x - h / 2});
    assertEquals(1, Estimate.of(0, h, samples, new double[] {1}, 0).slope());
  }

  @Test
  void judgement() {
    assertFalse(new Estimate(0, 1, 1e-8, 0, 0, false).judged(1e-8).kink());
    assertTrue(new Estimate(0, 1, 1.1e-8, 0, 0, false).judged(1e-8).kink());
    assertFalse(new Estimate(0, 1, 1.1e-8, 2e-8, 0, false).judged(1e-8).kink());
    assertTrue(new Estimate(0, 1, Double.NaN, 0, 0, false).judged(1e-8).kink());
    assertFalse(new Estimate(0, Double.NaN, Double.NaN, 0, 0, false).judged(1e-8).kink());
  }

  @Test
  void measureDividesByTheLargerMaximum() {
    TensorReport report = report(1e-3, new double[] {1, -4, 2}, new double[] {1, -3.5, 2.25});
    assertEquals(4, report.gradient());
    assertEquals(0.125, report.error());
    assertEquals(new TensorReport.Worst(0.125, 1, -4, -3.5), report.worst());
    assertEquals(0.2, report(1e-3, new double[] {4}, new double[] {5}).error());
  }

  /** An element's error is what lies beyond rounding and three bends, over its own gradient. */
  @Test
  void measureOfAnElement() {
    assertEquals(0.25, new Estimate(0, 3, 0, 0, 0, false).error(4));
    assertEquals(0.25, new Estimate(0, -4, 0, 0, 0, false).error(-3));
    assertEquals(0.125, new Estimate(0, 3, 0, 0.5, 0, false).error(4));
    assertEquals(0.0625, new Estimate(0, 3, 0.25, 0, 0, false).error(4));
    assertEquals(0, new Estimate(0, 3, 0, 1, 0, false).error(4));
    assertEquals(0, new Estimate(0, 0, 0, 0, 0, false).error(0));
    assertEquals(1, new Estimate(0, 0, 0, 0, 0, false).error(1e-30));
    assertTrue(Double.isNaN(new Estimate(0, 3, 0, 9, 0, false).error(Double.NaN)));
    assertTrue(Double.isNaN(new Estimate(0, 3, Double.NaN, 0, 0, false).error(3)));
    double infinite = Double.POSITIVE_INFINITY;
    assertTrue(Double.isNaN(new Estimate(0, 3, 0, 9, 0, false).error(infinite)));
  }

  @Test
  void measureDividesByTheFloorAtLeast() {
    TensorReport report = report(1e-3, new double[] {1e-9, 0}, new double[] {0, 0});
    assertEquals(1e-9, report.gradient());
    assertEquals(1e-6, report.error(), 1e-20);
  }

  @Test
  void measureOfWhatIsNotFinite() {
    double nan = Double.NaN;
    double infinite = Double.POSITIVE_INFINITY;
    double[][] values = {{nan, 1}, {1, nan}, {infinite, 1}, {1, infinite}, {infinite, infinite}};
    for (double[] pair : values) {
      double[] numeric = {1, pair[0], 5};
      double[] analytic = {1, pair[1], 1};
      TensorReport report = report(1e-3, numeric, analytic);
      assertTrue(Double.isNaN(report.error()), report.toString());
      assertEquals(1, report.worst().index());
      assertEquals(1, report.worstElement().index());
      assertTrue(report.wrong().contains(1), report.toString());
      assertFalse(new GradientReport("a", TOLERANT, List.of(report)).passed());
    }
  }

  @Test
  void nothingCheckedIsNoPass() {
    assertFalse(new GradientReport("a", TOLERANT, List.of()).passed());
  }

  private static TensorReport report(double floor, double[] numeric, double[] analytic) {
    Estimate[] estimates = new Estimate[numeric.length];
    for (int i = 0; i < numeric.length; i++) {
      estimates[i] = new Estimate(i, numeric[i], 0, 0, 0, false);
    }
    return TensorReport.of(
        "t",
        Shape.of(numeric.length),
        estimates,
        analytic,
        Repeat.ALIKE,
        TOLERANT.withFloor(floor));
  }

  /** Around 0, where steps are exact. */
  private static Estimate estimate(DoubleUnaryOperator f, double h) {
    Estimate.Samples samples =
        new Estimate.Samples(0, at(f, 0), at(f, h), at(f, -h), at(f, h / 2), at(f, -h / 2));
    return Estimate.of(0, h, samples, new double[] {1}, 0);
  }

  private static double[] at(DoubleUnaryOperator f, double t) {
    return new double[] {f.applyAsDouble(t)};
  }
}
