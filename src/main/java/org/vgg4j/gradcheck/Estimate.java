package org.vgg4j.gradcheck;

/**
 * A numeric derivative by one element, from five evaluations: at x, x +- h/2 and x +- h.
 *
 * <p>With C(h) the central difference and D(h) = f(x + h) - 2 f(x) + f(x - h), a smooth f has C(h)
 * - C(h/2) = O(h^2) and D(h) - 4 D(h/2) = O(h^4). A kink where the slope jumps by J at a distance d
 * from x distorts C(h) by E = J (h - d) / 2h. It makes |C(h) - C(h/2)| equal to J d / 2h for d up
 * to h/2 and to E beyond, and |D(h) - 4 D(h/2)| / 2h equal to J |3 d - h| / 2h for d up to h/2. The
 * larger of the two is at least E / 3 at every distance, zero included. So a kink whose E exceeds 3
 * times the limit is always detected, independently of the backward's gradient.
 *
 * @param index the element's row-major position
 * @param slope C(h)
 * @param bend the larger of |C(h) - C(h/2)| and |D(h) - 4 D(h/2)| / 2h
 * @param rounding what rounding may contribute to {@code bend}
 * @param retries how often the step was reduced
 * @param kink whether {@code bend} exceeded its limit
 */
record Estimate(int index, double slope, double bend, double rounding, int retries, boolean kink) {
  /** The rounding error, in ulps, that an evaluation and its differences may accumulate. */
  private static final double ULPS = 32;

  /** The objective's parts at an element's value and at four values around it. */
  record Samples(
      double value,
      double[] at,
      double[] above,
      double[] below,
      double[] halfUp,
      double[] halfDown) {}

  static Estimate of(int index, double h, Samples samples, double[] weights, int retries) {
    double rise = 0; // f(x + h) - f(x - h)
    double halfRise = 0;
    double bow = 0; // D(h) - 4 D(h/2)
    double touched = 0; // the magnitude of the parts that the element affects
    for (int k = 0; k < weights.length; k++) {
      double at = samples.at[k];
      double above = samples.above[k];
      double below = samples.below[k];
      double halfUp = samples.halfUp[k];
      double halfDown = samples.halfDown[k];
      rise += weights[k] * (above - below);
      halfRise += weights[k] * (halfUp - halfDown);
      bow += weights[k] * ((above - at) - (at - below) - 4 * ((halfUp - at) - (at - halfDown)));
      if (above != at || below != at) {
        touched += Math.abs(weights[k] * at);
      }
    }
    // Divide by the actual distance: x + h is rounded.
    double x = samples.value;
    double slope = rise / ((x + h) - (x - h));
    double half = halfRise / ((x + h / 2) - (x - h / 2));
    double bend = Math.max(Math.abs(slope - half), Math.abs(bow) / (2 * h));
    double rounding = ULPS * Math.ulp(1.0) * (touched + Math.abs(x * slope)) / h;
    return new Estimate(index, slope, bend, rounding, retries, false);
  }

  /**
   * Returns this estimate, marked as a kink if it bends more than smoothness and rounding allow.
   */
  Estimate judged(double smooth) {
    boolean found = isFinite() && !(bend <= Math.max(smooth, rounding));
    return new Estimate(index, slope, bend, rounding, retries, found);
  }

  /**
   * Returns by how much a gradient is off, as a share of the larger of it and the slope, beyond
   * what the slope is uncertain by: rounding, and curvature or an undetected kink, which the bend
   * bounds.
   *
   * @return NaN when a gradient is not finite
   */
  double error(double gradient) {
    double difference = Math.abs(slope - gradient);
    if (!Double.isFinite(difference)) {
      return Double.NaN;
    }
    double excess = difference - rounding - 3 * bend;
    return excess <= 0 ? 0 : excess / Math.max(Math.abs(slope), Math.abs(gradient));
  }

  boolean isFinite() {
    return Double.isFinite(slope);
  }
}
