package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/**
 * The resizer of {@link ResizeFilter#ANTIALIASED}. Weights are whole multiples of 2^-22, as
 * Pillow's are: ties between two levels are common, and fall where Pillow's fall.
 */
final class AntialiasedResize implements Resizer {
  private static final int FRACTION_BITS = 22;

  private final int inWidth;
  private final int side;
  private final Taps down;
  private final Taps across;
  private final byte[] narrowed; // (rows that are needed, S): resized across
  private final float[] row; // (S)

  /**
   * The pixels that make each one of the kept square, along one axis.
   *
   * @param first (S), the first pixel
   * @param weights (S, pixels), which sum to about 2^22
   */
  private record Taps(int[] first, int[][] weights) {
    static Taps of(int in, long out, ResizeWindow window, long start, boolean mirrored) {
      int side = window.side();
      double scale = (double) in / out;
      double reach = Math.max(1, scale); // the triangle's half width, in pixels
      int[] first = new int[side];
      int[][] weights = new int[side][];
      for (int i = 0; i < side; i++) {
        double centre = (window.place(start, i, mirrored) + 0.5) * scale;
        int low = (int) Math.max(0, Math.floor(centre - reach));
        int high = (int) Math.min(in, Math.ceil(centre + reach));
        double[] weight = new double[high - low];
        double sum = 0;
        for (int j = 0; j < weight.length; j++) {
          weight[j] = Math.max(0, 1 - Math.abs(low + j + 0.5 - centre) / reach);
          sum += weight[j];
        }
        weights[i] = new int[weight.length];
        for (int j = 0; j < weight.length; j++) {
          weights[i][j] = (int) Math.round(weight[j] / sum * (1 << FRACTION_BITS));
        }
        first[i] = low;
      }
      return new Taps(first, weights);
    }

    int lowest() {
      return first[0];
    }

    int end() {
      return first[first.length - 1] + weights[weights.length - 1].length;
    }
  }

  AntialiasedResize(int inHeight, int inWidth, ImageView view) {
    ResizeWindow window = view.window();
    this.inWidth = inWidth;
    side = window.side();
    down = Taps.of(inHeight, window.height(), window, window.top(), false);
    across = Taps.of(inWidth, window.width(), window, window.left(), view.flipped());
    narrowed = new byte[Math.multiplyExact(down.end() - down.lowest(), side)];
    row = new float[side];
  }

  @Override
  public void resize(byte[] pixels, int from, FloatBuffer target, int into, Levels levels) {
    for (int y = down.lowest(); y < down.end(); y++) {
      int row0 = (y - down.lowest()) * side;
      for (int x = 0; x < side; x++) {
        int at = from + y * inWidth + across.first()[x];
        narrowed[row0 + x] = level(pixels, at, 1, across.weights()[x]);
      }
    }
    for (int y = 0; y < side; y++) {
      int at = (down.first()[y] - down.lowest()) * side;
      for (int x = 0; x < side; x++) {
        row[x] = (level(narrowed, at + x, side, down.weights()[y]) & 0xFF) / 255f;
      }
      levels.apply(row);
      target.put(into + y * side, row, 0, side);
    }
  }

  /** Returns a weighted mean of pixels, rounded to the nearest level. */
  private static byte level(byte[] pixels, int at, int step, int[] weights) {
    int sum = 1 << (FRACTION_BITS - 1);
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i] * (pixels[at + i * step] & 0xFF);
    }
    return (byte) Math.min(255, sum >> FRACTION_BITS);
  }
}
