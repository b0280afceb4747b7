package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/** The resizer of {@link ResizeFilter#ANTIALIASED}. */
final class AntialiasedResize implements Resizer {
  private static final int LEVELS = 256;

  private final int inWidth;
  private final ImageView view;
  private final ByteResize resize; // null where an image has its size and is only cut
  private final byte[] resized; // (rows, columns)
  private final float[] values = new float[LEVELS]; // of the levels
  private final float[] row; // (columns)

  AntialiasedResize(int inHeight, int inWidth, ImageView view) {
    this.inWidth = inWidth;
    this.view = view;
    ResizeWindow window = view.window();
    boolean hasSize = inHeight == window.height() && inWidth == window.width();
    resize = hasSize ? null : new ByteResize(inHeight, inWidth, view);
    resized = hasSize ? null : new byte[Math.multiplyExact(window.rows(), window.columns())];
    row = new float[window.columns()];
  }

  @Override
  public void resize(byte[] pixels, int from, FloatBuffer target, int into, Levels levels) {
    for (int level = 0; level < LEVELS; level++) {
      values[level] = level / 255f;
    }
    levels.apply(values);
    ResizeWindow window = view.window();
    if (resize == null) {
      int first = from + (int) (window.top() * inWidth + window.left());
      write(pixels, first, inWidth, view.flipped(), target, into);
    } else {
      resize.resize(pixels, from, resized, 0);
      write(resized, 0, window.columns(), false, target, into);
    }
  }

  private void write(
      byte[] levels, int first, int step, boolean mirrored, FloatBuffer target, int into) {
    int columns = row.length;
    for (int y = 0; y < view.window().rows(); y++) {
      int at = first + y * step;
      for (int x = 0; x < columns; x++) {
        row[x] = values[levels[at + (mirrored ? columns - 1 - x : x)] & 0xFF];
      }
      target.put(into + y * columns, row, 0, columns);
    }
  }
}
