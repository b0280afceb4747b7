package org.vgg4j.evaluation;

import org.vgg4j.data.ImageShape;

/**
 * Pictures of one shape, as a net takes them.
 *
 * @param images their numbers in the data set
 * @param shape of each: (C, H, W)
 * @param values (N, C, H, W)
 */
record PictureBatch(int[] images, ImageShape shape, float[] values) {
  int size() {
    return images.length;
  }

  /**
   * Copies a square of a picture.
   *
   * @param target receives (C, side, side) from {@code into} on
   */
  void crop(int picture, int top, int left, int side, float[] target, int into) {
    for (int c = 0; c < shape.channels(); c++) {
      int plane = (picture * shape.channels() + c) * shape.height() * shape.width();
      for (int row = 0; row < side; row++) {
        int from = plane + (top + row) * shape.width() + left;
        System.arraycopy(values, from, target, into + (c * side + row) * side, side);
      }
    }
  }

  /** Exchanges left and right in rows of a width, in place. */
  static void mirror(float[] values, int from, int end, int width) {
    for (int row = from; row < end; row += width) {
      for (int low = row, high = row + width - 1; low < high; low++, high--) {
        float value = values[low];
        values[low] = values[high];
        values[high] = value;
      }
    }
  }
}
