package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;

/** Resizes the channels of images of one size, crops them and normalizes to floats. */
public interface Resizer {
  /**
   * Resizes one channel.
   *
   * @param pixels holds the channel (H, W), unsigned, from {@code from} on
   * @param target receives (S, S) from {@code into} on
   * @param mean what is subtracted after scaling to [0, 1]
   * @param deviation what is then divided by
   */
  void resize(byte[] pixels, int from, FloatBuffer target, int into, float mean, float deviation);

  /** Returns the resizer that a preprocessing wants for images of a size. */
  static Resizer of(Preprocessing how, int height, int width) {
    ResizeWindow window = ResizeWindow.of(how, height, width);
    return switch (how.filter()) {
      case BILINEAR -> new BilinearResize(height, width, window);
      case ANTIALIASED -> new AntialiasedResize(height, width, window);
    };
  }

  /** Normalizes a row of values in [0, 1] in place. */
  static void normalize(float[] row, float mean, float deviation) {
    if (mean != 0 || deviation != 1) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (row[i] - mean) / deviation;
      }
    }
  }
}
