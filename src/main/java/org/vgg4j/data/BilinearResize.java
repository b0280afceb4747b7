package org.vgg4j.data;

/**
 * Resizes images of bytes to squares of floats in [0, 1], bilinearly with half-pixel centres and
 * clamped edges.
 *
 * <p>Source: PyTorch's {@code interpolate(mode="bilinear", align_corners=False)}; no antialiasing.
 */
final class BilinearResize {
  private final int inHeight;
  private final int inWidth;
  private final int size;
  private final int[] top; // (size)
  private final int[] bottom; // (size)
  private final float[] down; // (size), the weight of bottom
  private final int[] left; // (size)
  private final int[] right; // (size)
  private final float[] across; // (size), the weight of right
  private final float[] upper; // (size), a row of the image interpolated across
  private final float[] lower; // (size)

  BilinearResize(int inHeight, int inWidth, int size) {
    this.inHeight = inHeight;
    this.inWidth = inWidth;
    this.size = size;
    top = new int[size];
    bottom = new int[size];
    down = new float[size];
    left = new int[size];
    right = new int[size];
    across = new float[size];
    upper = new float[size];
    lower = new float[size];
    weights(inHeight, top, bottom, down);
    weights(inWidth, left, right, across);
  }

  private void weights(int in, int[] low, int[] high, float[] weight) {
    for (int i = 0; i < size; i++) {
      double position = Math.max(0, (i + 0.5) * in / size - 0.5);
      low[i] = Math.min((int) position, in - 1);
      high[i] = Math.min(low[i] + 1, in - 1);
      weight[i] = (float) (position - low[i]);
    }
  }

  /** Resizes one channel at {@code from} (H, W) to one at {@code into} (size, size). */
  void resize(byte[] pixels, int from, float[] target, int into) {
    if (inHeight == size && inWidth == size) {
      for (int i = 0; i < size * size; i++) {
        target[into + i] = (pixels[from + i] & 0xFF) / 255f;
      }
      return;
    }
    for (int row = 0; row < size; row++) {
      interpolateRow(pixels, from + top[row] * inWidth, upper);
      interpolateRow(pixels, from + bottom[row] * inWidth, lower);
      float weight = down[row];
      int at = into + row * size;
      for (int column = 0; column < size; column++) {
        target[at + column] =
            (upper[column] + weight * (lower[column] - upper[column])) * (1 / 255f);
      }
    }
  }

  private void interpolateRow(byte[] pixels, int at, float[] row) {
    for (int column = 0; column < size; column++) {
      float first = pixels[at + left[column]] & 0xFF;
      float second = pixels[at + right[column]] & 0xFF;
      row[column] = first + across[column] * (second - first);
    }
  }
}
