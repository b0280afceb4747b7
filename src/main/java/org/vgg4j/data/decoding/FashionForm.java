package org.vgg4j.data.decoding;

/**
 * A picture in the form of Fashion-MNIST's images: grey, in the middle of a square of its border's
 * brightness, reduced to 28x28 by area averaging. The square is never made: a narrow picture would
 * take as much memory as its longer side squared.
 */
final class FashionForm {
  static final int SIDE = 28;

  private final Picture picture;
  private final int side; // of the square
  private final int top; // of the picture in the square
  private final int left;
  private final double background;

  FashionForm(Picture picture) {
    this.picture = picture;
    side = Math.max(picture.height(), picture.width());
    top = (side - picture.height()) / 2;
    left = (side - picture.width()) / 2;
    background = Border.mean(picture.height(), picture.width(), picture::luma);
  }

  /** Returns the mean brightness of the square's border. */
  double border() {
    return Border.mean(side, side, this::at);
  }

  private double at(int y, int x) {
    boolean inside =
        y >= top && y < top + picture.height() && x >= left && x < left + picture.width();
    return inside ? picture.luma(y - top, x - left) : background;
  }

  /**
   * Returns the image.
   *
   * @param invert whether light and dark are exchanged
   */
  Picture image(boolean invert) {
    byte[] pixels = new byte[SIDE * SIDE];
    double step = (double) side / SIDE;
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        double value = area(row * step, (row + 1) * step, column * step, (column + 1) * step);
        pixels[row * SIDE + column] = (byte) Math.round(invert ? 255 - value : value);
      }
    }
    return new Picture(1, SIDE, SIDE, pixels);
  }

  /** Returns the mean over a rectangle of the square whose sides need not align with pixels. */
  private double area(double above, double below, double before, double after) {
    double sum = 0;
    double inside = 0;
    for (int y = Math.max((int) above, top);
        y < Math.min(top + picture.height(), Math.ceil(below));
        y++) {
      double tall = Math.min(below, y + 1) - Math.max(above, y);
      for (int x = Math.max((int) before, left);
          x < Math.min(left + picture.width(), Math.ceil(after));
          x++) {
        double weight = tall * (Math.min(after, x + 1) - Math.max(before, x));
        sum += weight * picture.luma(y - top, x - left);
        inside += weight;
      }
    }
    double outside = (below - above) * (after - before) - inside;
    // Rounding leaves a little even where nothing is outside.
    return outside < 1e-9 * inside
        ? sum / inside
        : (sum + outside * background) / (inside + outside);
  }
}
