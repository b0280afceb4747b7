package org.vgg4j.backend.onednn;

/**
 * Rows of floats that the plans of an engine share: two sets for each worker. They hold whole rows
 * of 256 pixels; shorter pieces would stay in the L1 cache, but reach into more pages of memory,
 * which takes longer.
 */
final class RowBuffers {
  /** Floats of a row that are worked on at a time. */
  static final int LENGTH = 4096;

  private final float[][][] sets;

  RowBuffers(int workers) {
    sets = new float[2 * workers][RowTransform.MOST_ROWS][LENGTH];
  }

  /** Returns a worker's rows to read; whoever has them may change their order. */
  float[][] from(int worker) {
    return sets[2 * worker];
  }

  /** Returns a worker's rows to write. */
  float[][] to(int worker) {
    return sets[2 * worker + 1];
  }
}
