package org.vgg4j.backend.onednn;

/**
 * Rows of floats that the plans of an engine share, as long as any needs: two sets for each worker.
 */
final class RowBuffers {
  private final float[][][] sets;

  RowBuffers(int workers) {
    sets = new float[2 * workers][RowTransform.MOST_ROWS][0];
  }

  /** Makes the rows at least so long. */
  void reserve(int floats) {
    if (sets[0][0].length < floats) {
      for (float[][] set : sets) {
        for (int row = 0; row < set.length; row++) {
          set[row] = new float[floats];
        }
      }
    }
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
