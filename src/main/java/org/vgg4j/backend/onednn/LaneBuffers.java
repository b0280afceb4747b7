package org.vgg4j.backend.onednn;

/**
 * Lanes of floats that the plans of an engine share for {@link SquareTiles}: a set for each worker.
 */
final class LaneBuffers {
  /** Floats of a lane that are worked on at a time: the tiles of a row of 256 pixels, and one. */
  static final int LENGTH = 65 * WinogradShape.BLOCK;

  private final Set[] sets;

  LaneBuffers(int workers) {
    sets = new Set[workers];
  }

  /** Returns a worker's lanes, which are made for its first use. */
  Set of(int worker) {
    if (sets[worker] == null) {
      sets[worker] = new Set();
    }
    return sets[worker];
  }

  /** What one worker has. */
  static final class Set {
    /** Rows of images: (column within a tile, row within a tile). */
    final float[][][] rows = new float[WinogradShape.TILE][RowTransform.MOST_ROWS][LENGTH];

    /** The same, transformed down the columns. */
    final float[][][] points = new float[WinogradShape.TILE][RowTransform.MOST_ROWS][LENGTH];

    /** Values transformed along a row, too. */
    final float[][] values = new float[RowTransform.MOST_ROWS][LENGTH];

    /** Columns of a row that also belong to the tiles before. */
    final float[][] next = new float[RowTransform.MOST_ROWS - WinogradShape.TILE][LENGTH];

    /** Lanes of the others to work on. */
    final float[][] line = new float[RowTransform.MOST_ROWS][];

    /** Pixels of a row in their order. */
    final float[] row = new float[WinogradShape.TILE * LENGTH];

    /** What a row is added to. */
    final float[] addends = new float[WinogradShape.TILE * LENGTH];
  }
}
