package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Shape;

/**
 * Takes filters (K, C, 3, 3) in blocks of 16 x 16 channels to those of minimal filtering (6, K, C,
 * 1, 3), and back: of every 16 x 16 filters three rows become six.
 */
final class FilterTransform {
  private final RowTiles tiles;
  private final RowTiles.Part all;

  /** Describes filters of a shape (K, C, 3, 3). */
  FilterTransform(Dnnl context, Shape w) {
    int block = WinogradShape.BLOCK;
    int taps = WinogradShape.TAPS;
    int blocks = w.dim(0) / block * (w.dim(1) / block);
    tiles = new RowTiles(context, "filters", 1, taps * blocks, taps * block * block, taps, 0);
    all = new RowTiles.Part(1, 0, blocks);
  }

  /** Transforms filters at an address to another. */
  void transform(RowTransform by, long filters, long to) {
    tiles.transform(by, filters, all, to);
  }

  /** Takes six rows back to three, which are added to what is there if asked for. */
  void back(RowTransform by, long from, long filters, boolean add) {
    tiles.back(by, from, all, filters, add, false);
  }
}
