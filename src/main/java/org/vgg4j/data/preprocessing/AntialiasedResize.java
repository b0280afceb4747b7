package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/** The resizer of {@link ResizeFilter#ANTIALIASED}. */
final class AntialiasedResize implements Resizer {
  private static final int LEVELS = 256;

  private final int inWidth;
  private final ResizeWindow window;
  private final ByteResize resize; // null where an image has its size and is only cut
  private final byte[] resized; // (S, S)
  private final float[] values = new float[LEVELS]; // of the levels
  private final float[] row; // (S)

  AntialiasedResize(int inHeight, int inWidth, ResizeWindow window) {
    this.inWidth = inWidth;
    this.window = window;
    boolean hasSize = inHeight == window.height() && inWidth == window.width();
    resize = hasSize ? null : new ByteResize(inHeight, inWidth, window);
    resized = hasSize ? null : new byte[Math.multiplyExact(window.side(), window.side())];
    row = new float[window.side()];
  }

  @Override
  public void resize(
      byte[] pixels, int from, FloatBuffer target, int into, float mean, float deviation) {
    for (int level = 0; level < LEVELS; level++) {
      values[level] = level / 255f;
    }
    Resizer.normalize(values, mean, deviation);
    if (resize == null) {
      int first = from + (int) (window.top() * inWidth + window.left());
      write(pixels, first, inWidth, target, into);
    } else {
      resize.resize(pixels, from, resized, 0);
      write(resized, 0, window.side(), target, into);
    }
  }

  private void write(byte[] levels, int first, int step, FloatBuffer target, int into) {
    int side = window.side();
    for (int y = 0; y < side; y++) {
      int at = first + y * step;
      for (int x = 0; x < side; x++) {
        row[x] = values[levels[at + x] & 0xFF];
      }
      target.put(into + y * side, row, 0, side);
    }
  }
}
