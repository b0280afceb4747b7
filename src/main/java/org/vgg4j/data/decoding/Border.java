package org.vgg4j.data.decoding;

/** The edge of a picture, which shows what its background is. */
final class Border {
  /** Brightness by place. */
  interface Brightness {
    /** Returns the brightness of a pixel in [0, 255]. */
    double at(int y, int x);
  }

  private Border() {}

  /** Returns the mean brightness of the outermost pixels. */
  static double mean(int height, int width, Brightness brightness) {
    double sum = 0;
    int count = 0;
    for (int y = 0; y < height; y++) {
      boolean edge = y == 0 || y == height - 1;
      for (int x = 0; x < width; x += edge ? 1 : Math.max(1, width - 1)) {
        sum += brightness.at(y, x);
        count++;
      }
    }
    return sum / count;
  }
}
