package org.vgg4j.backend.reference;

/** Loops over contiguous runs of doubles, which the JIT compiler turns into vector instructions. */
final class Rows {
  private Rows() {}

  /** y += a x over {@code length} elements. */
  static void addScaled(double a, double[] x, int xAt, double[] y, int yAt, int length) {
    for (int i = 0; i < length; i++) {
      y[yAt + i] += a * x[xAt + i];
    }
  }

  /** Returns the dot product of two runs. */
  static double dot(double[] x, int xAt, double[] y, int yAt, int length) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      sum += x[xAt + i] * y[yAt + i];
    }
    return sum;
  }

  /** Returns the sum of a run. */
  static double sum(double[] x, int xAt, int length) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      sum += x[xAt + i];
    }
    return sum;
  }

  /** x = max(x, 0); NaN stays NaN. */
  static void relu(double[] x, int xAt, int length) {
    for (int i = xAt; i < xAt + length; i++) {
      x[i] = Math.max(x[i], 0);
    }
  }
}
