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
record ResizeWindow(long height, long width, long top, long left, int side) {
  /** Returns what a preprocessing makes of an image's size. */
  static ResizeWindow of(Preprocessing how, int height, int width) {
    int size = how.resize();
    if (how.fit() != PictureFit.SHORTER) {
      int first = (size - how.crop()) / 2;
      return new ResizeWindow(size, size, first, first, how.crop());
    }
    int shorter = Math.min(height, width);
    long tall = longer(size, height, shorter);
    long wide = longer(size, width, shorter);
    return new ResizeWindow(
        tall, wide, middle(tall, how.crop()), middle(wide, how.crop()), how.crop());
  }

  private static long longer(int size, int side, int shorter) {
    return (long) ((double) ((long) size * side) / shorter);
  }

  /** As torchvision's {@code CenterCrop}: halves go to the even side. */
  private static long middle(long length, int crop) {
    return (long) Math.rint((length - crop) / 2.0);
  }
}
