package org.vgg4j.data.preprocessing;

import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A resized image and the window of it that is kept, a square but for whole pictures. Only that
 * window is ever computed.
 *
 * @param height of the resized image, in pixels
 * @param width of the resized image, in pixels
 * @param top the row of the kept window's first
 * @param left the column of the kept window's first
 * @param rows that are kept
 * @param columns that are kept
 */
public record ResizeWindow(long height, long width, long top, long left, int rows, int columns) {
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
      return new ResizeWindow(size, size, 0, 0, how.crop(), how.crop());
    }
    int shorter = Math.min(height, width);
    return new ResizeWindow(
        longer(size, height, shorter), longer(size, width, shorter), 0, 0, how.crop(), how.crop());
  }

  private static long longer(int size, int side, int shorter) {
    return (long) ((double) ((long) size * side) / shorter);
  }

  /** As torchvision's {@code CenterCrop}: halves go to the even side. */
  private static long middle(long length, int crop) {
    return (long) Math.rint((length - crop) / 2.0);
  }

  /** Returns the window that begins elsewhere. */
  ResizeWindow at(long row, long column) {
    return new ResizeWindow(height, width, row, column, rows, columns);
  }

  /**
   * Returns all of the resized image.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when it is too large for an array
   */
  ResizeWindow whole(int channels) {
    if ((double) channels * height * width * Float.BYTES > ImageShape.MAX_BYTES) {
      throw new InvalidInputException(
          "a picture resized to %d x %d pixels is too large".formatted(width, height));
    }
    return new ResizeWindow(height, width, 0, 0, (int) height, (int) width);
  }

  /**
   * Returns the column of the resized image that is number {@code i} of the window.
   *
   * @param mirrored whether they are counted from the other end
   */
  long column(int i, boolean mirrored) {
    return left + (mirrored ? columns - 1 - i : i);
  }
}
