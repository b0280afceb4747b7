package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;

/** A running average of a slab. */
final class OneDnnAverage implements AveragePlan {
  private final Move move;
  private final Exchange exchange;

  OneDnnAverage(Dnnl dnnl, double decay, Arena values, Arena average) {
    move = new Move(dnnl, (float) (1 - decay), values, average);
    exchange = new Exchange(dnnl, values, average);
  }

  @Override
  public void run() {
    move.sweep();
  }

  @Override
  public void run(long first, long end) {
    move.sweep(first, end);
  }

  @Override
  public void exchange() {
    exchange.sweep();
  }

  @Override
  public void close() {
    // There is no native memory to free.
  }

  /** average += share (value - average). */
  private static final class Move extends SlabSweep {
    private final float share;

    Move(Dnnl dnnl, float share, Arena values, Arena average) {
      super(dnnl, "average", 0, values, average);
      this.share = share;
    }

    @Override
    void update(float[][] chunk, long at, int count) {
      move(chunk[0], chunk[1], count, share);
    }

    private static void move(float[] x, float[] average, int count, float share) {
      for (int i = 0; i < count; i++) {
        average[i] += share * (x[i] - average[i]);
      }
    }
  }

  /** Each becomes the other. */
  private static final class Exchange extends SlabSweep {
    Exchange(Dnnl dnnl, Arena values, Arena average) {
      super(dnnl, "exchange", -1, values, average);
    }

    @Override
    void update(float[][] chunk, long at, int count) {
      float[] values = chunk[0];
      chunk[0] = chunk[1];
      chunk[1] = values;
    }
  }
}
