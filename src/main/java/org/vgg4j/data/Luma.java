package org.vgg4j.data;

/** How bright a colour is (ITU-R BT.601, as Pillow weighs it). */
public final class Luma {
  private Luma() {}

  /** Returns the brightness in [0, 255] of red, green and blue in [0, 255]. */
  public static double of(int red, int green, int blue) {
    return 0.299 * red + 0.587 * green + 0.114 * blue;
  }
}
