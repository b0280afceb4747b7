package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

/** The transforms of minimal filtering on small integers, which they leave whole. */
final class RowTransformTest {
  private static final float[][] FILTER = {{24, -48}, {72, 24}, {-120, 96}};

  private static float[][] run(RowTransform by, float[][] from) {
    float[][] copy = new float[RowTransform.MOST_ROWS][2];
    for (int i = 0; i < from.length; i++) {
      copy[i] = from[i].clone();
    }
    float[][] to = new float[RowTransform.MOST_ROWS][2];
    by.run(copy, to, 2);
    float[][] rows = new float[by.rowsOut()][];
    System.arraycopy(to, 0, rows, 0, rows.length);
    return rows;
  }

  @Test
  void filtersComeBack() {
    float[][] back = run(RowTransform.FILTER_BACK, run(RowTransform.FILTER, FILTER));
    for (int k = 0; k < FILTER.length; k++) {
      assertArrayEquals(FILTER[k], back[k], 0x1p-17f);
    }
  }

  @Test
  void productsAreConvolutions() {
    float[][] x = {{1, 2}, {-3, 5}, {2, 2}, {7, -1}, {0, 4}, {-6, 3}};
    float[][] v = run(RowTransform.INPUT, x);
    float[][] u = run(RowTransform.FILTER, FILTER);
    float[][] y = run(RowTransform.OUTPUT, products(u, v));
    for (int row = 0; row < y.length; row++) {
      for (int i = 0; i < 2; i++) {
        float sum = 0;
        for (int k = 0; k < 3; k++) {
          sum += FILTER[k][i] * x[row + k][i];
        }
        assertArrayEquals(new float[] {sum}, new float[] {y[row][i]}, 0x1p-10f);
      }
    }
  }

  @Test
  void gradientsOfFiltersAreSumsOverRows() {
    float[][] x = {{1, 2}, {-3, 5}, {2, 2}, {7, -1}, {0, 4}, {-6, 3}};
    float[][] dy = {{2, 1}, {0, -4}, {5, 3}, {-1, 6}};
    float[][] m = products(run(RowTransform.OUTPUT_GRADIENT, dy), run(RowTransform.INPUT, x));
    float[][] dw = run(RowTransform.FILTER_GRADIENT, m);
    for (int k = 0; k < 3; k++) {
      for (int i = 0; i < 2; i++) {
        float sum = 0;
        for (int row = 0; row < dy.length; row++) {
          sum += dy[row][i] * x[row + k][i];
        }
        assertArrayEquals(new float[] {sum}, new float[] {dw[k][i]}, 0x1p-12f);
      }
    }
  }

  private static float[][] products(float[][] a, float[][] b) {
    float[][] products = new float[a.length][a[0].length];
    for (int row = 0; row < a.length; row++) {
      for (int i = 0; i < products[row].length; i++) {
        products[row][i] = a[row][i] * b[row][i];
      }
    }
    return products;
  }
}
