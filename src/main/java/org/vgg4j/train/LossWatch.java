package org.vgg4j.train;

import java.util.function.Supplier;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.TotalsRead;

/** Reads a training's totals every few steps of an epoch without waiting for the engine. */
final class LossWatch {
  private final Supplier<TotalsRead> beginTotals;
  private final Supplier<LossTotals> totalsNow;
  private final int interval; // in steps
  private TotalsRead read; // null when none is pending
  private int step; // of the epoch, that the read belongs to

  /**
   * Watches a loss.
   *
   * @param beginTotals begins a read of the totals
   * @param totalsNow waits for the engine and returns the totals
   * @param interval the number of steps after which a read is due
   */
  LossWatch(Supplier<TotalsRead> beginTotals, Supplier<LossTotals> totalsNow, int interval) {
    this.beginTotals = beginTotals;
    this.totalsNow = totalsNow;
    this.interval = interval;
  }

  /**
   * Begins a read if one is due after {@code done} steps of the epoch; returns the totals of one
   * that has arrived, else null.
   */
  LossTotals poll(int done) {
    if (read == null && done % interval == 0) {
      read = beginTotals.get();
      step = done;
    }
    LossTotals totals = read == null ? null : read.poll();
    if (totals != null) {
      read = null;
    }
    return totals;
  }

  /** Returns how many steps of the epoch were done when the latest read began. */
  int step() {
    return step;
  }

  /** Waits for the engine and returns the current totals; abandons a pending read. */
  LossTotals await() {
    read = null;
    return totalsNow.get();
  }

  /** Abandons a pending read: the totals have changed. */
  void reset() {
    read = null;
  }
}
