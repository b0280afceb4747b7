package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ClipPlan;

/**
 * The limit of the gradients' norm: a sum of squares for each chunk, these in order, and a sweep
 * that scales where that is needed. The bits do not depend on the number of workers.
 */
final class OneDnnClip implements ClipPlan {
  private final double most;
  private final Squares squares;
  private final Scale scale;

  OneDnnClip(Dnnl dnnl, double most, Arena gradients) {
    this.most = most;
    squares = new Squares(dnnl, gradients);
    scale = new Scale(dnnl, gradients);
  }

  @Override
  public void run() {
    squares.sweep();
    double factor = ClipPlan.factor(squares.sum(), most);
    if (factor != 1) {
      scale.by = (float) factor;
      scale.sweep();
    }
  }

  @Override
  public void close() {
    // There is no native memory to free.
  }

  /** The squares of each chunk, summed in double. */
  private static final class Squares extends SlabSweep {
    private final double[] sums;

    Squares(Dnnl dnnl, Arena gradients) {
      super(dnnl, "squares", 0, gradients);
      sums = new double[Math.toIntExact((elements() + CHUNK - 1) / CHUNK)];
    }

    double sum() {
      double all = 0;
      for (double sum : sums) {
        all += sum;
      }
      return all;
    }

    @Override
    void update(float[][] chunk, long at, int count) {
      sums[(int) (at / CHUNK)] = squares(chunk[0], count);
    }

    private static double squares(float[] g, int count) {
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += (double) g[i] * g[i];
      }
      return sum;
    }
  }

  /** g *= by. */
  private static final class Scale extends SlabSweep {
    private float by;

    Scale(Dnnl dnnl, Arena gradients) {
      super(dnnl, "clip", -1, gradients);
    }

    @Override
    void update(float[][] chunk, long at, int count) {
      scale(chunk[0], count, by);
    }

    private static void scale(float[] g, int count, float by) {
      for (int i = 0; i < count; i++) {
        g[i] *= by;
      }
    }
  }
}
