package org.vgg4j.data.preprocessing;

/**
 * What happens to a channel's values in [0, 1], in single precision and in this order.
 *
 * @param shift what is added
 * @param mean what is then subtracted
 * @param deviation what is then divided by, positive
 */
public record Levels(float shift, float mean, float deviation) {
  /** Changes a row of values in place. */
  void apply(float[] row) {
    if (shift != 0) {
      for (int i = 0; i < row.length; i++) {
        row[i] += shift;
      }
    }
    if (mean != 0 || deviation != 1) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (row[i] - mean) / deviation;
      }
    }
  }
}
