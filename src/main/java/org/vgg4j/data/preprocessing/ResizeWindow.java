package org.vgg4j.data.preprocessing;

/**
 * A resized image and the square of it that is kept. Only that square is ever computed.
 *
 * @param height of the resized image, in pixels
 * @param width of the resized image, in pixels
 * @param top the row of the kept square's first
 * @param left the column of the kept square's first
 * @param side S, of the kept square
 */
public record ResizeWindow(long height, long width, long top, long left, int side) {
  /** Returns what a preprocessing makes of an image's size. */
  static ResizeWindow of(Preprocessing how, int height, int width) {
    ResizeWindow whole = resized(how, how.resize(), height, width);
    return how.fit() == PictureFit.SHORTER
        ? whole.at(middle(whole.height, how.crop()), middle(whole.width, how.crop()))
        : whole.at((how.resize() - how.crop()) / 2, (how.resize() - how.crop()) / 2);
  }

  /** Returns the first square of an image that is resized to another size than {@code how} says. */
  static ResizeWindow resized(Preprocessing how, int size, int height, int width) {
    if (how.fit() != PictureFit.SHORTER) {
      return new ResizeWindow(size, size, 0, 0, how.crop());
    }
    int shorter = Math.min(height, width);
    return new ResizeWindow(
        longer(size, height, shorter), longer(size, width, shorter), 0, 0, how.crop());
  }

  private static long longer(int size, int side, int shorter) {
    return (long) ((double) ((long) size * side) / shorter);
  }

  /** As torchvision's {@code CenterCrop}: halves go to the even side. */
  private static long middle(long length, int crop) {
    return (long) Math.rint((length - crop) / 2.0);
  }

  /** Returns the square that begins elsewhere. */
  ResizeWindow at(long row, long column) {
    return new ResizeWindow(height, width, row, column, side);
  }

  /**
   * Returns the row or column of the resized image that is number {@code i} of the square.
   *
   * @param first of the square
   * @param mirrored whether they are counted from the other end
   */
  long place(long first, int i, boolean mirrored) {
    return first + (mirrored ? side - 1 - i : i);
  }
}
