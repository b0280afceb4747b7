package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/** The resizer of {@link ResizeFilter#ANTIALIASED}. */
final class AntialiasedResize implements Resizer {
  private final int side;
  private final ByteResize resize;
  private final byte[] levels; // (S, S)
  private final float[] row; // (S)

  AntialiasedResize(int inHeight, int inWidth, ResizeWindow window) {
    side = window.side();
    resize = new ByteResize(inHeight, inWidth, window);
    levels = new byte[Math.multiplyExact(side, side)];
    row = new float[side];
  }

  @Override
  public void resize(
      byte[] pixels, int from, FloatBuffer target, int into, float mean, float deviation) {
    resize.resize(pixels, from, levels, 0);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        row[x] = (levels[y * side + x] & 0xFF) / 255f;
      }
      Resizer.normalize(row, mean, deviation);
      target.put(into + y * side, row, 0, side);
    }
  }
}
