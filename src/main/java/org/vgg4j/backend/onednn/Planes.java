package org.vgg4j.backend.onednn;

/**
 * Planes of rows of pixels, and the square tiles over them.
 *
 * @param count planes of an image
 * @param height rows of a plane
 * @param width pixels of a row
 * @param pixel values of a pixel
 * @param step rows and columns from one tile to the next
 * @param first the row and column that the first tile begins with, which may lie before the image:
 *     what is outside of it is zero
 */
record Planes(int count, int height, int width, int pixel, int step, int first) {
  /** Returns the tiles of a row. */
  int columns() {
    return (width + step - 1) / step;
  }
}
