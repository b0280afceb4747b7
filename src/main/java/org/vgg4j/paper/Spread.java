package org.vgg4j.paper;

import java.util.List;
import java.util.Locale;

/**
 * A figure over several seeds.
 *
 * @param mean of them
 * @param deviation the standard deviation of one, with n - 1; NaN for a single seed
 * @param count how many
 */
record Spread(double mean, double deviation, int count) {
  /** Student's t that 2.5 % lie above, by degrees of freedom from 1. */
  private static final double[] T = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228
  };

  /** Beyond the table, within 2 % of it. */
  private static final double LATER_T = 2.2;

  static Spread of(List<Double> values) {
    double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    int count = values.size();
    return new Spread(mean, count > 1 ? Math.sqrt(squares / (count - 1)) : Double.NaN, count);
  }

  /** Returns half the width of the interval of 95 % for the mean; NaN for a single seed. */
  double halfWidth() {
    if (count < 2) {
      return Double.NaN;
    }
    double t = count - 2 < T.length ? T[count - 2] : LATER_T;
    return t * deviation / Math.sqrt(count);
  }

  /** Returns whether the interval of 95 % leaves 0 out. */
  boolean isClear() {
    return Math.abs(mean) > halfWidth();
  }

  /** Returns the mean with the deviation: 27.3 ± 0.4; without for a single seed. */
  String text() {
    return count < 2
        ? String.format(Locale.ROOT, "%.2f", mean)
        : String.format(Locale.ROOT, "%.2f \u00b1 %.2f", mean, deviation);
  }
}
