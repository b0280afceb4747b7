package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.DType;

/** Images in tiles, which a transform of minimal filtering takes to other values and back. */
interface Tiles {
  /** Describes images in square tiles, as {@link NativeTiles} does, and {@link SquareTiles}. */
  static Tiles squares(
      Dnnl context,
      String operand,
      DType type,
      int planes,
      int height,
      int width,
      int pixel,
      int step,
      int first) {
    return CpuLibrary.isLoaded()
        ? new NativeTiles(context, operand, type, planes, height, width, pixel, step, first)
        : new SquareTiles(context, operand, planes, height, width, pixel, step, first);
  }

  /**
   * A part of each plane of some images.
   *
   * @param count how many images
   * @param begin the first row of tiles
   * @param tiles how many rows of tiles
   */
  record Part(int count, int begin, int tiles) {}

  /** Transforms tiles of images at an address to another. */
  void transform(RowTransform by, long images, Part part, long to);

  /**
   * Takes transformed tiles back to images, dropping what is behind the last row and column.
   *
   * @param add whether to add to what is there
   * @param relu whether to put 0 where a result is negative
   */
  void back(RowTransform by, long from, Part part, long images, boolean add, boolean relu);
}
