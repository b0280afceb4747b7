package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/** The resizer of {@link ResizeFilter#BILINEAR}. */
final class BilinearResize implements Resizer {
  private final int inWidth;
  private final int rows;
  private final int columns;
  private final boolean isSameSize;
  private final int[] top; // (rows)
  private final int[] bottom; // (rows)
  private final float[] down; // (rows), the weight of bottom
  private final int[] left; // (columns)
  private final int[] right; // (columns)
  private final float[] across; // (columns), the weight of right
  private final float[] line; // (columns), a row of the target
  private float[] upper; // (columns), a row of the image interpolated across
  private float[] lower; // (columns)
  private int upperRow; // of the image; -1 for none
  private int lowerRow;

  BilinearResize(int inHeight, int inWidth, ImageView view) {
    ResizeWindow window = view.window();
    this.inWidth = inWidth;
    rows = window.rows();
    columns = window.columns();
    isSameSize = inHeight == window.height() && inWidth == window.width();
    top = new int[rows];
    bottom = new int[rows];
    down = new float[rows];
    left = new int[columns];
    right = new int[columns];
    across = new float[columns];
    line = new float[columns];
    upper = new float[columns];
    lower = new float[columns];
    for (int i = 0; i < rows; i++) {
      position(window.top() + i, inHeight, window.height(), i, top, bottom, down);
    }
    for (int i = 0; i < columns; i++) {
      long column = window.column(i, view.flipped());
      position(column, inWidth, window.width(), i, left, right, across);
    }
  }

  /**
   * Finds the two pixels that make one. Its centre lies at (place + 1/2) in / size - 1/2, a ratio
   * of integers: so every engine has the same bits.
   */
  private static void position(
      long place, int in, long size, int i, int[] low, int[] high, float[] weight) {
    long numerator = Math.max(0, (2 * place + 1) * in - size);
    long denominator = 2 * size;
    low[i] = (int) (numerator / denominator);
    high[i] = Math.min(low[i] + 1, in - 1);
    weight[i] = (float) (numerator % denominator) / (float) denominator;
  }

  @Override
  public void resize(byte[] pixels, int from, FloatBuffer target, int into, Levels levels) {
    upperRow = -1;
    lowerRow = -1;
    for (int row = 0; row < rows; row++) {
      scaledRow(pixels, from, row);
      levels.apply(line);
      target.put(into + row * columns, line, 0, columns);
    }
  }

  /** Writes a row of the target, in [0, 1], to {@link #line}. */
  private void scaledRow(byte[] pixels, int from, int row) {
    if (isSameSize) {
      int at = from + top[row] * inWidth;
      for (int column = 0; column < columns; column++) {
        line[column] = (pixels[at + left[column]] & 0xFF) / 255f;
      }
      return;
    }
    interpolateRows(pixels, from, top[row], bottom[row]);
    float weight = down[row];
    for (int column = 0; column < columns; column++) {
      line[column] = (upper[column] + weight * (lower[column] - upper[column])) * (1 / 255f);
    }
  }

  /** Interpolates two rows of the image, unless they are there from the row before. */
  private void interpolateRows(byte[] pixels, int from, int wantedUpper, int wantedLower) {
    if (wantedUpper != upperRow && wantedUpper == lowerRow) {
      float[] row = upper;
      upper = lower;
      lower = row;
      lowerRow = upperRow;
      upperRow = wantedUpper;
    }
    if (wantedUpper != upperRow) {
      interpolateRow(pixels, from + wantedUpper * inWidth, upper);
      upperRow = wantedUpper;
    }
    if (wantedLower != lowerRow) {
      interpolateRow(pixels, from + wantedLower * inWidth, lower);
      lowerRow = wantedLower;
    }
  }

  private void interpolateRow(byte[] pixels, int at, float[] row) {
    for (int column = 0; column < columns; column++) {
      float first = pixels[at + left[column]] & 0xFF;
      float second = pixels[at + right[column]] & 0xFF;
      row[column] = first + across[column] * (second - first);
    }
  }
}
