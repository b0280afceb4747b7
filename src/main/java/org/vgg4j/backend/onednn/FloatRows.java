package org.vgg4j.backend.onednn;

/** What tiles do to rows of floats. */
final class FloatRows {
  private FloatRows() {}

  /** Moves rows to the front for the tile {@code step} rows on, in exchange for those there. */
  static void keep(float[][] rows, int count, int step) {
    for (int k = 0; k < count; k++) {
      float[] next = rows[k + step];
      rows[k + step] = rows[k];
      rows[k] = next;
    }
  }

  static void relu(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      values[i] = Math.max(values[i], 0);
    }
  }

  static void add(float[] sums, float[] addends, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += addends[i];
    }
  }
}
