package org.vgg4j.backend.onednn;

/**
 * The transforms of minimal filtering F(4, 3) (Winograd, 1980; Lavin and Gray, 2016) along one
 * axis, with the points 0, 1, -1, 2, -2 and infinity: four outputs of a filter of three taps take
 * six products instead of twelve. Each transform takes rows to rows, element by element.
 *
 * <p>With rows x of the input, w of the filter and y of the output: y = OUTPUT(FILTER(w) *
 * INPUT(x)); and with the gradient dy of y, dw = FILTER_GRADIENT(INPUT(x) * OUTPUT_GRADIENT(dy)).
 *
 * <p>Each row is an array of its own, and each loop is over at most six of them, of which it writes
 * at most two, because the JIT compiler of Java 17 then vectorizes the loops. With seven it does
 * not.
 */
enum RowTransform {
  /** 6 rows of an input to 6. */
  INPUT(6, 6) {
    @Override
    void run(float[][] x, float[][] to, int count) {
      ends(x[0], x[2], x[4], to[0], count);
      ones(x[1], x[2], x[3], x[4], to[1], to[2], count);
      twos(x[1], x[2], x[3], x[4], to[3], to[4], count);
      ends(x[1], x[3], x[5], to[5], count);
    }

    private void ends(float[] a, float[] b, float[] c, float[] to, int count) {
      for (int i = 0; i < count; i++) {
        to[i] = 4 * a[i] - 5 * b[i] + c[i];
      }
    }

    private void ones(
        float[] x1, float[] x2, float[] x3, float[] x4, float[] plus, float[] minus, int count) {
      for (int i = 0; i < count; i++) {
        float even = x4[i] - 4 * x2[i];
        float odd = x3[i] - 4 * x1[i];
        plus[i] = even + odd;
        minus[i] = even - odd;
      }
    }

    private void twos(
        float[] x1, float[] x2, float[] x3, float[] x4, float[] plus, float[] minus, int count) {
      for (int i = 0; i < count; i++) {
        float even = x4[i] - x2[i];
        float odd = 2 * (x3[i] - x1[i]);
        plus[i] = even + odd;
        minus[i] = even - odd;
      }
    }
  },

  /** 6 rows of products to 4 of an output. */
  OUTPUT(6, 4) {
    @Override
    void run(float[][] m, float[][] to, int count) {
      sums(m[1], m[2], count);
      sums(m[3], m[4], count);
      even(m[0], m[1], m[3], to[0], to[2], count);
      odd(m[2], m[4], m[5], to[1], to[3], count);
    }

    private void even(float[] m0, float[] near, float[] far, float[] y0, float[] y2, int count) {
      for (int i = 0; i < count; i++) {
        y0[i] = m0[i] + near[i] + far[i];
        y2[i] = near[i] + 4 * far[i];
      }
    }

    private void odd(float[] near, float[] far, float[] m5, float[] y1, float[] y3, int count) {
      for (int i = 0; i < count; i++) {
        y1[i] = near[i] + 2 * far[i];
        y3[i] = near[i] + 8 * far[i] + m5[i];
      }
    }
  },

  /** 4 rows of an output's gradient to 6. */
  OUTPUT_GRADIENT(4, 6) {
    @Override
    void run(float[][] dy, float[][] to, int count) {
      System.arraycopy(dy[0], 0, to[0], 0, count);
      points(dy[0], dy[1], dy[2], dy[3], 1, to[1], to[2], count);
      points(dy[0], dy[1], dy[2], dy[3], 2, to[3], to[4], count);
      System.arraycopy(dy[3], 0, to[5], 0, count);
    }

    private void points(
        float[] y0,
        float[] y1,
        float[] y2,
        float[] y3,
        float at,
        float[] plus,
        float[] minus,
        int count) {
      float square = at * at;
      float cube = at * square;
      for (int i = 0; i < count; i++) {
        float even = y0[i] + square * y2[i];
        float odd = at * y1[i] + cube * y3[i];
        plus[i] = even + odd;
        minus[i] = even - odd;
      }
    }
  },

  /** 3 rows of a filter to 6. */
  FILTER(3, 6) {
    @Override
    void run(float[][] w, float[][] to, int count) {
      filter(w[0], w[1], w[2], to, count);
    }
  },

  /** 3 rows of a filter, the last first, to 6: what takes an output's gradient to the input's. */
  FLIPPED_FILTER(3, 6) {
    @Override
    void run(float[][] w, float[][] to, int count) {
      filter(w[2], w[1], w[0], to, count);
    }
  },

  /** 6 rows of a transformed filter back to its 3. */
  FILTER_BACK(6, 3) {
    @Override
    void run(float[][] u, float[][] to, int count) {
      scale(u[0], 4, to[0], count);
      middle(u[1], u[2], to[1], count);
      System.arraycopy(u[5], 0, to[2], 0, count);
    }

    private void middle(float[] plus, float[] minus, float[] to, int count) {
      for (int i = 0; i < count; i++) {
        to[i] = 3 * (minus[i] - plus[i]);
      }
    }
  },

  /** 6 rows of products to 3 of a filter's gradient. */
  FILTER_GRADIENT(6, 3) {
    @Override
    void run(float[][] m, float[][] to, int count) {
      sums(m[1], m[2], count);
      sums(m[3], m[4], count);
      outer(m[0], m[1], m[3], m[5], to[0], to[2], count);
      middle(m[2], m[4], to[1], count);
    }

    private void outer(
        float[] m0,
        float[] plusOne,
        float[] plusTwo,
        float[] m5,
        float[] first,
        float[] last,
        int count) {
      for (int i = 0; i < count; i++) {
        float near = SIXTH * plusOne[i];
        float far = SIXTH * plusTwo[i];
        first[i] = QUARTER * (m0[i] + far) - near;
        last[i] = far - near + m5[i];
      }
    }

    private void middle(float[] minusOne, float[] minusTwo, float[] to, int count) {
      for (int i = 0; i < count; i++) {
        to[i] = TWELFTH * minusTwo[i] - SIXTH * minusOne[i];
      }
    }
  };

  /** The most rows that a transform reads or writes. */
  static final int MOST_ROWS = 6;

  private static final float QUARTER = 1 / 4f;
  private static final float SIXTH = 1 / 6f;
  private static final float TWELFTH = 1 / 12f;
  private static final float TWENTY_FOURTH = 1 / 24f;

  private final int rowsIn;
  private final int rowsOut;

  RowTransform(int rowsIn, int rowsOut) {
    this.rowsIn = rowsIn;
    this.rowsOut = rowsOut;
  }

  /** Returns how many rows it reads. */
  int rowsIn() {
    return rowsIn;
  }

  /** Returns how many rows it writes. */
  int rowsOut() {
    return rowsOut;
  }

  /**
   * Transforms the first {@code count} elements of rows into others. What takes six rows to fewer
   * leaves other values in those that it reads.
   */
  abstract void run(float[][] from, float[][] to, int count);

  /** Overwrites a with a + b and b with a - b. */
  private static void sums(float[] a, float[] b, int count) {
    for (int i = 0; i < count; i++) {
      float plus = a[i] + b[i];
      float minus = a[i] - b[i];
      a[i] = plus;
      b[i] = minus;
    }
  }

  /** The filter's values at the six points, given its taps. */
  private static void filter(float[] a, float[] b, float[] c, float[][] to, int count) {
    scale(a, QUARTER, to[0], count);
    points(a, b, c, -SIXTH, -SIXTH, -SIXTH, to[1], to[2], count);
    points(a, b, c, TWENTY_FOURTH, TWELFTH, SIXTH, to[3], to[4], count);
    System.arraycopy(c, 0, to[5], 0, count);
  }

  private static void scale(float[] a, float factor, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = factor * a[i];
    }
  }

  private static void points(
      float[] a,
      float[] b,
      float[] c,
      float r,
      float s,
      float t,
      float[] plus,
      float[] minus,
      int count) {
    for (int i = 0; i < count; i++) {
      float even = r * a[i] + t * c[i];
      float odd = s * b[i];
      plus[i] = even + odd;
      minus[i] = even - odd;
    }
  }
}
