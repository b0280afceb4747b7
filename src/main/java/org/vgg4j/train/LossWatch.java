package org.vgg4j.train;

import java.util.function.Supplier;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.TotalsRead;

/**
 * Reads a training's totals every few steps of an epoch without waiting for the engine. Several
 * ranks add up theirs at the same steps: those read at one when the next is due, which none waits
 * long for.
 */
final class LossWatch {
  private final Supplier<TotalsRead> beginTotals;
  private final Supplier<LossTotals> totalsNow;
  private final int interval; // in steps
  private final Ranks ranks;
  private TotalsRead read; // null when none is pending
  private int step; // of the epoch, that the totals belong to
  private int begun; // the step of the pending read of one of several ranks

  /**
   * Watches a loss.
   *
   * @param beginTotals begins a read of the totals
   * @param totalsNow waits for the engine and returns the totals
   * @param interval the number of steps after which a read is due
   * @param ranks add up what is read
   */
  LossWatch(
      Supplier<TotalsRead> beginTotals, Supplier<LossTotals> totalsNow, int interval, Ranks ranks) {
    this.beginTotals = beginTotals;
    this.totalsNow = totalsNow;
    this.interval = interval;
    this.ranks = ranks;
  }

  /**
   * Begins a read if one is due after {@code done} steps of the epoch; returns the totals of one
   * that has arrived, else null.
   */
  LossTotals poll(int done) {
    if (!ranks.isAlone()) {
      return done % interval == 0 ? exchange(done) : null;
    }
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

  /** Returns the sums of what all ranks read at the same step; null at the first of several. */
  private LossTotals exchange(int done) {
    if (interval == 1) {
      step = done;
      return ranks.sum(totalsNow.get());
    }
    LossTotals own = read == null ? null : arrived();
    int of = begun;
    read = beginTotals.get();
    begun = done;
    if (own == null) {
      return null;
    }
    step = of;
    return ranks.sum(own);
  }

  private LossTotals arrived() {
    LossTotals totals = read.poll();
    while (totals == null) {
      Thread.onSpinWait(); // a few steps at most: it began that long ago
      totals = read.poll();
    }
    return totals;
  }

  /** Returns how many steps of the epoch the latest totals are of. */
  int step() {
    return step;
  }

  /** Waits for the engine and returns the current totals of all ranks; abandons a pending read. */
  LossTotals await() {
    read = null;
    return ranks.sum(totalsNow.get());
  }

  /** Abandons a pending read: the totals have changed. */
  void reset() {
    read = null;
  }
}
