package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.DType;

/**
 * What {@link SquareTiles} does, with the same bits, in C++ ({@code native/cpu/tiles.cpp}), which
 * takes a quarter of the time and less; of images in bf16, too, whose transformed values are in
 * single precision, and of tiles of 6x6. It is a part of {@link CpuLibrary}.
 */
final class NativeTiles implements Tiles {
  private final Dnnl context;
  private final String operand;
  private final boolean isBf16;
  private final int tile;
  private final Planes planes;
  private final int pool; // rows and columns of what becomes one value on the way back; 1 for none

  /**
   * Describes images.
   *
   * @param operand what they are, for a person
   * @param type of their values: single precision or bf16
   * @param tile rows and columns of a tile of an output: 4 or 6
   * @param planes of pixels of 16 values, or of a multiple where a row has one tile
   * @param isPooled whether only the largest of each 2x2 values gets to images on the way back,
   *     which have half the rows and columns
   */
  NativeTiles(Dnnl context, String operand, DType type, int tile, Planes planes, boolean isPooled) {
    this.context = context;
    this.operand = operand;
    isBf16 = type == DType.BF16;
    this.tile = tile;
    this.planes = planes;
    pool = isPooled ? 2 : 1;
    if (planes.pixel() > WinogradShape.BLOCK && planes.columns() > 1) {
      throw new IllegalArgumentException("tiles beside each other need pixels of 16 values");
    }
  }

  @Override
  public void transform(RowTransform by, long images, Part part, long to) {
    context.checkThread();
    long begun = context.begin();
    transform(
        tile,
        code(by),
        isBf16,
        images,
        to,
        part.count(),
        planes.count(),
        planes.height(),
        planes.width(),
        planes.pixel(),
        planes.first(),
        part.begin(),
        part.tiles(),
        planes.columns());
    end(by, part, begun);
  }

  @Override
  public void back(RowTransform by, long from, Part part, long images, boolean add, boolean relu) {
    context.checkThread();
    long begun = context.begin();
    back(
        tile,
        code(by),
        isBf16,
        images,
        from,
        part.count(),
        planes.count(),
        planes.height() / pool,
        planes.width() / pool,
        planes.pixel(),
        part.begin(),
        part.tiles(),
        planes.columns(),
        add,
        relu,
        pool > 1);
    end(by, part, begun);
  }

  /** Returns the library's number of a transform. */
  private static int code(RowTransform by) {
    return switch (by) {
      case INPUT -> 0;
      case OUTPUT -> 1;
      case OUTPUT_GRADIENT -> 2;
      case FILTER -> 3;
      case FLIPPED_FILTER -> 4;
      case FILTER_BACK -> 5;
      case FILTER_GRADIENT -> 6;
    };
  }

  private void end(RowTransform by, Part part, long begun) {
    long values =
        (long) part.count() * planes.count() * part.tiles() * planes.columns() * planes.pixel();
    long pixelsOfTile = (long) planes.step() * planes.step() / ((long) pool * pool);
    long bytesOfImage = (isBf16 ? DType.BF16 : DType.F32).bytes() * pixelsOfTile;
    int points = tile + WinogradShape.TAPS - 1;
    long bytes = values * (bytesOfImage + (long) points * points * Float.BYTES);
    context.end(Cost.loop("transform of " + operand, bytes).inCpp(), begun);
  }

  private static native void transform(
      int tile,
      int by,
      boolean isBf16,
      long images,
      long tiles,
      int count,
      int planes,
      int height,
      int width,
      int pixel,
      int first,
      int begin,
      int rows,
      int columns);

  private static native void back(
      int tile,
      int by,
      boolean isBf16,
      long images,
      long tiles,
      int count,
      int planes,
      int height,
      int width,
      int pixel,
      int begin,
      int rows,
      int columns,
      boolean add,
      boolean relu,
      boolean pool);
}
