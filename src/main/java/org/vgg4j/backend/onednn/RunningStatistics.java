package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;

/** The running statistics (C) of a batch norm, which move towards those of each batch. */
final class RunningStatistics {
  private final Dnnl dnnl;
  private final double factor;
  private final Cost cost;
  private final float[] running;
  private final float[] batch;

  RunningStatistics(Dnnl dnnl, BatchNorm2dSpec spec) {
    this.dnnl = dnnl;
    factor = spec.exponentialAverageFactor();
    cost =
        Cost.loop(
            "running statistics", 6 * OneDnnLayout.plain(spec.parameter(), DType.F32).bytes());
    running = new float[spec.channels()];
    batch = new float[spec.channels()];
  }

  /**
   * Moves them, in double.
   *
   * @param means the running means, moved in place
   * @param variances the running variances, likewise
   * @param mean of the batch
   * @param variance of the batch, biased
   * @param unbias what makes the biased variance of the batch an unbiased one
   */
  void move(
      OneDnnTensor means,
      OneDnnTensor variances,
      OneDnnTensor mean,
      OneDnnTensor variance,
      double unbias) {
    long begun = dnnl.begin();
    average(means, mean, 1);
    average(variances, variance, unbias);
    dnnl.end(cost, begun);
  }

  /** into = (1 - factor) into + factor * scale * value. */
  private void average(OneDnnTensor into, OneDnnTensor value, double scale) {
    into.read(running);
    value.read(batch);
    for (int c = 0; c < running.length; c++) {
      running[c] = (float) ((1 - factor) * running[c] + factor * scale * batch[c]);
    }
    into.write(running);
  }

  /** Copies statistics. */
  void copy(OneDnnTensor from, OneDnnTensor to) {
    from.read(batch);
    to.write(batch);
  }
}
