package org.vgg4j.train;

import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.TotalsRead;

/** Reads a training's totals every few steps of an epoch without waiting for the engine. */
final class LossWatch {
  private final CrossEntropyLoss loss;
  private final int interval; // in steps
  private TotalsRead read; // null when none is under way
  private int step; // of the epoch, that the read belongs to

  LossWatch(CrossEntropyLoss loss, int interval) {
    this.loss = loss;
    this.interval = interval;
  }

  /**
   * Begins a read when one is due after {@code done} steps of the epoch; returns one that has
   * arrived, else null.
   */
  LossTotals poll(int done) {
    if (read == null && done % interval == 0) {
      read = loss.beginTotals();
      step = done;
    }
    LossTotals totals = read == null ? null : read.poll();
    if (totals != null) {
      read = null;
    }
    return totals;
  }

  /** Returns how many steps of the epoch were done when the read that has arrived began. */
  int step() {
    return step;
  }

  /** Waits for the engine and returns the totals as they are; a read under way is given up. */
  LossTotals await() {
    read = null;
    return loss.totals();
  }

  /** Gives up a read under way: the totals have become others. */
  void reset() {
    read = null;
  }
}
