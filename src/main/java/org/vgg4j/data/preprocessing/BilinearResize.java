package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/** The resizer of {@link ResizeFilter#BILINEAR}. */
final class BilinearResize implements Resizer {
  private final int inWidth;
  private final int crop;
  private final boolean isSameSize;
  private final int[] top; // (crop)
  private final int[] bottom; // (crop)
  private final float[] down; // (crop), the weight of bottom
  private final int[] left; // (crop)
  private final int[] right; // (crop)
  private final float[] across; // (crop), the weight of right
  private final float[] upper; // (crop), a row of the image interpolated across
  private final float[] lower; // (crop)

  BilinearResize(int inHeight, int inWidth, ResizeWindow window) {
    this.inWidth = inWidth;
    crop = window.side();
    isSameSize = inHeight == window.height() && inWidth == window.width();
    top = new int[crop];
    bottom = new int[crop];
    down = new float[crop];
    left = new int[crop];
    right = new int[crop];
    across = new float[crop];
    upper = new float[crop];
    lower = new float[crop];
    weights(inHeight, window.height(), window.top(), top, bottom, down);
    weights(inWidth, window.width(), window.left(), left, right, across);
  }

  private void weights(int in, long size, long first, int[] low, int[] high, float[] weight) {
    for (int i = 0; i < crop; i++) {
      double position = Math.max(0, (first + i + 0.5) * in / size - 0.5);
      low[i] = Math.min((int) position, in - 1);
      high[i] = Math.min(low[i] + 1, in - 1);
      weight[i] = (float) (position - low[i]);
    }
  }

  @Override
  public void resize(
      byte[] pixels, int from, FloatBuffer target, int into, float mean, float deviation) {
    for (int row = 0; row < crop; row++) {
      scaledRow(pixels, from, row);
      Resizer.normalize(upper, mean, deviation);
      target.put(into + row * crop, upper, 0, crop);
    }
  }

  /** Writes a row of the target, in [0, 1], to {@link #upper}. */
  private void scaledRow(byte[] pixels, int from, int row) {
    int at = from + top[row] * inWidth;
    if (isSameSize) {
      for (int column = 0; column < crop; column++) {
        upper[column] = (pixels[at + left[column]] & 0xFF) / 255f;
      }
      return;
    }
    interpolateRow(pixels, at, upper);
    interpolateRow(pixels, from + bottom[row] * inWidth, lower);
    float weight = down[row];
    for (int column = 0; column < crop; column++) {
      upper[column] = (upper[column] + weight * (lower[column] - upper[column])) * (1 / 255f);
    }
  }

  private void interpolateRow(byte[] pixels, int at, float[] row) {
    for (int column = 0; column < crop; column++) {
      float first = pixels[at + left[column]] & 0xFF;
      float second = pixels[at + right[column]] & 0xFF;
      row[column] = first + across[column] * (second - first);
    }
  }
}
