package org.vgg4j.evaluation;

/**
 * How far answers are as often right as their probability says: the expected calibration error.
 *
 * <p>Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.
 */
final class CalibrationBins {
  /** Of equal width; bin b has the probabilities above b / 15, up to (b + 1) / 15. */
  static final int BINS = 15;

  private final double[] probability = new double[BINS]; // sums over the answers
  private final long[] right = new long[BINS];
  private long count;

  /** Adds the answer of one image. */
  void add(double itsProbability, boolean isRight) {
    int bin = (int) Math.ceil(itsProbability * BINS) - 1;
    int at = Math.max(0, Math.min(BINS - 1, bin));
    probability[at] += itsProbability;
    right[at] += isRight ? 1 : 0;
    count++;
  }

  /** Returns the mean over all answers of their bin's gap; NaN without answers. */
  double error() {
    double sum = 0;
    for (int b = 0; b < BINS; b++) {
      sum += Math.abs(right[b] - probability[b]);
    }
    return sum / count;
  }
}
