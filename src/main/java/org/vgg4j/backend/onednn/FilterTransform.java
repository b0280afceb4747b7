package org.vgg4j.backend.onednn;

import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/**
 * Takes filters (K, C, 3, 3) in blocks of 16 x 16 channels to those of minimal filtering, and back:
 * of every 16 x 16 filters three rows become six or eight, and in two dimensions three columns,
 * too.
 */
final class FilterTransform {
  private final Tiles tiles;
  private final Tiles.Part all;

  /** Describes filters of a shape (K, C, 3, 3). */
  FilterTransform(Dnnl context, Shape w, Convolutions way) {
    int block = WinogradShape.BLOCK;
    int taps = WinogradShape.TAPS;
    int pixel = block * block;
    int blocks = w.dim(0) / block * (w.dim(1) / block);
    if (WinogradShape.isSquare(way)) {
      Planes filters = new Planes(blocks, taps, taps, pixel, taps, 0);
      tiles = Tiles.squares(context, "filters", DType.F32, WinogradShape.tile(way), filters, false);
      all = new Tiles.Part(1, 0, 1);
    } else {
      tiles = new RowTiles(context, "filters", 1, taps * blocks, taps * pixel, taps, 0);
      all = new Tiles.Part(1, 0, blocks);
    }
  }

  /** Describes the filters that are stored transformed. */
  static FilterTransform of(Dnnl context, OneDnnLayout stored) {
    return new FilterTransform(context, stored.shape(), WinogradShape.way(stored));
  }

  /** Transforms filters at an address to another. */
  void transform(RowTransform by, long filters, long to) {
    tiles.transform(by, filters, all, to);
  }

  /** Takes transformed filters back, which are added to what is there if asked for. */
  void back(RowTransform by, long from, long filters, boolean add) {
    tiles.back(by, from, all, filters, add, false);
  }
}
