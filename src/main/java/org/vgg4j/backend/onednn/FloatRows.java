package org.vgg4j.backend.onednn;

/** Loops over the first elements of rows. */
final class FloatRows {
  private FloatRows() {}

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
