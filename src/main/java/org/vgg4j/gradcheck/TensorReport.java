package org.vgg4j.gradcheck;

import org.vgg4j.tensor.Shape;

/**
 * The result of checking one tensor.
 *
 * @param tensor the parameter's name, or {@value GradientCheck#INPUT}
 * @param shape the tensor's shape
 * @param checked how many of its elements were checked
 * @param gradient the largest absolute gradient among these, numeric or analytic
 * @param error max |numeric - analytic| over the larger of {@code gradient} and the floor; NaN when
 *     a gradient is not finite
 * @param worst the element with the largest difference
 * @param repeat how the gradient differs when the backward runs again
 * @param kinks how many elements met a kink and were retried
 * @param unresolved how many of these still met a kink at the last step
 */
public record TensorReport(
    String tensor,
    Shape shape,
    int checked,
    double gradient,
    double error,
    Worst worst,
    Repeat repeat,
    int kinks,
    int unresolved) {
  /**
   * The element with the largest difference, or the first that is not finite.
   *
   * @param index its row-major position
   * @param numeric its central difference
   * @param analytic what the backward computed
   */
  public record Worst(int index, double numeric, double analytic) {}

  /** Returns how many elements the tensor has. */
  public long total() {
    return shape.elementCount();
  }

  static TensorReport of(
      String tensor,
      Shape shape,
      Estimate[] estimates,
      double[] analytic,
      Repeat repeat,
      double floor) {
    double gradient = 0;
    double difference = 0;
    Estimate worst = estimates[0];
    int kinks = 0;
    int unresolved = 0;
    for (Estimate estimate : estimates) {
      double exact = analytic[estimate.index()];
      // Math.max lets NaN through; infinities become NaN in the quotient.
      gradient = Math.max(gradient, Math.max(Math.abs(estimate.slope()), Math.abs(exact)));
      double here = Math.abs(estimate.slope() - exact);
      if (!(here <= difference) && !Double.isNaN(difference)) {
        worst = estimate;
      }
      difference = Math.max(difference, here);
      kinks += estimate.retries() > 0 ? 1 : 0;
      unresolved += estimate.kink() ? 1 : 0;
    }
    return new TensorReport(
        tensor,
        shape,
        estimates.length,
        gradient,
        difference / Math.max(gradient, floor),
        new Worst(worst.index(), worst.slope(), analytic[worst.index()]),
        repeat,
        kinks,
        unresolved);
  }
}
