package org.vgg4j.data.preprocessing;

import java.util.Arrays;
import java.util.function.IntToLongFunction;

/**
 * Resizes channels of one size to bytes, bilinear and antialiased as Pillow does: across, then
 * down, each time rounded to whole levels. Weights are whole multiples of 2^-22, as Pillow's are:
 * ties between two levels are common, and fall where Pillow's fall. Not thread-safe.
 */
public final class ByteResize {
  private static final int FRACTION_BITS = 22;
  private static final int FOUR = 4;
  private static final int HALF = 1 << (FRACTION_BITS - 1);

  private final int inWidth;
  private final int rows;
  private final int columns;
  private final Taps down;
  private final Taps across;
  private final int[] narrowed; // (rows that are needed, columns): resized across
  private final int[] sums; // (columns)

  /**
   * The pixels that make each one that is kept, along one axis: equally many for each, some of them
   * with weight 0.
   *
   * @param first (kept), the first pixel
   * @param count how many follow each other
   * @param weights (kept, count), which sum to about 2^22 for each
   */
  private record Taps(int[] first, int count, int[] weights) {
    static Taps of(int in, long out, int kept) {
      return of(in, out, i -> i, kept);
    }

    /**
     * Takes some pixels of the resized axis.
     *
     * @param place which pixel each kept one is
     */
    static Taps of(int in, long out, IntToLongFunction place, int kept) {
      double scale = (double) in / out;
      double reach = Math.max(1, scale); // the triangle's half width, in pixels
      int count = (int) Math.min(in, Math.max(FOUR, (long) Math.ceil(2 * reach) + 1));
      int[] first = new int[kept];
      int[] weights = new int[Math.multiplyExact(kept, count)];
      for (int i = 0; i < kept; i++) {
        double centre = (place.applyAsLong(i) + 0.5) * scale;
        int low = (int) Math.max(0, Math.floor(centre - reach));
        int high = (int) Math.min(in, Math.ceil(centre + reach));
        double[] weight = new double[high - low];
        double sum = 0;
        for (int j = 0; j < weight.length; j++) {
          weight[j] = Math.max(0, 1 - Math.abs(low + j + 0.5 - centre) / reach);
          sum += weight[j];
        }
        first[i] = Math.min(low, in - count);
        int at = i * count + low - first[i];
        for (int j = 0; j < weight.length; j++) {
          weights[at + j] = (int) Math.round(weight[j] / sum * (1 << FRACTION_BITS));
        }
      }
      return new Taps(first, count, weights);
    }

    int lowest() {
      return first[0];
    }

    int end() {
      return first[first.length - 1] + count;
    }
  }

  /** Prepares for images of one size, all of whose pixels are kept. */
  public ByteResize(int inHeight, int inWidth, int outHeight, int outWidth) {
    this(inWidth, Taps.of(inHeight, outHeight, outHeight), Taps.of(inWidth, outWidth, outWidth));
  }

  /** Prepares for images of one size, of which a window is kept. */
  ByteResize(int inHeight, int inWidth, ImageView view) {
    this(inHeight, inWidth, view.window(), view.flipped());
  }

  private ByteResize(int inHeight, int inWidth, ResizeWindow window, boolean mirrored) {
    this(
        inWidth,
        Taps.of(inHeight, window.height(), i -> window.top() + i, window.rows()),
        Taps.of(inWidth, window.width(), i -> window.column(i, mirrored), window.columns()));
  }

  private ByteResize(int inWidth, Taps down, Taps across) {
    this.inWidth = inWidth;
    this.down = down;
    this.across = across;
    rows = down.first().length;
    columns = across.first().length;
    narrowed = new int[Math.multiplyExact(down.end() - down.lowest(), columns)];
    sums = new int[columns];
  }

  /**
   * Resizes one channel.
   *
   * @param pixels holds the channel (H, W), unsigned, from {@code from} on
   * @param target receives the kept pixels row by row from {@code into} on
   */
  public void resize(byte[] pixels, int from, byte[] target, int into) {
    for (int y = down.lowest(); y < down.end(); y++) {
      int to = (y - down.lowest()) * columns;
      if (across.count() == FOUR) {
        narrowByFours(pixels, from + y * inWidth, to);
      } else {
        narrow(pixels, from + y * inWidth, to);
      }
    }
    for (int y = 0; y < rows; y++) {
      Arrays.fill(sums, HALF);
      int at = (down.first()[y] - down.lowest()) * columns;
      for (int tap = y * down.count(); tap < (y + 1) * down.count(); tap++) {
        int weight = down.weights()[tap];
        if (weight != 0) {
          add(weight, at);
        }
        at += columns;
      }
      int to = into + y * columns;
      for (int x = 0; x < columns; x++) {
        target[to + x] = (byte) Math.min(255, sums[x] >> FRACTION_BITS);
      }
    }
  }

  /** A loop of its own, which the compiler makes one of vectors. */
  private void add(int weight, int at) {
    for (int x = 0; x < columns; x++) {
      sums[x] += weight * narrowed[at + x];
    }
  }

  private void narrow(byte[] pixels, int from, int to) {
    int[] first = across.first();
    int[] weights = across.weights();
    int count = across.count();
    for (int x = 0, tap = 0; x < columns; x++) {
      int sum = HALF;
      int at = from + first[x];
      for (int end = tap + count; tap < end; tap++) {
        sum += weights[tap] * (pixels[at++] & 0xFF);
      }
      narrowed[to + x] = Math.min(255, sum >> FRACTION_BITS);
    }
  }

  /** The same for four pixels each, which is what most photographs take: near twice as fast. */
  private void narrowByFours(byte[] pixels, int from, int to) {
    int[] first = across.first();
    int[] weights = across.weights();
    for (int x = 0, tap = 0; x < columns; x++, tap += FOUR) {
      int at = from + first[x];
      int sum =
          HALF
              + weights[tap] * (pixels[at] & 0xFF)
              + weights[tap + 1] * (pixels[at + 1] & 0xFF)
              + weights[tap + 2] * (pixels[at + 2] & 0xFF)
              + weights[tap + 3] * (pixels[at + 3] & 0xFF);
      narrowed[to + x] = Math.min(255, sum >> FRACTION_BITS);
    }
  }
}
