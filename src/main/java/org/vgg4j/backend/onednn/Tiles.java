package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.DType;

/** Images in tiles, which a transform of minimal filtering takes to other values and back. */
interface Tiles {
  /**
   * Describes images in square tiles, as {@link NativeTiles} does, and {@link SquareTiles}.
   *
   * @param tile rows and columns of a tile of an output: 4, or 6 with the library in C++
   * @param isPooled whether images are pooled on the way back, with that library
   */
  static Tiles squares(
      Dnnl context, String operand, DType type, int tile, Planes images, boolean isPooled) {
    return CpuLibrary.isLoaded()
        ? new NativeTiles(context, operand, type, tile, images, isPooled)
        : new SquareTiles(context, operand, images);
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
