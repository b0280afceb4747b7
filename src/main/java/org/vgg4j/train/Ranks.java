package org.vgg4j.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.tensor.LossTotals;

/**
 * What the ranks of a training tell each other besides tensors: their losses, and with them whether
 * one is to stop, so that all stop at the same step.
 */
final class Ranks {
  /** A rank's values in a sum over all, at its own place. */
  private static final int VALUES = 8;

  private final Collective collective;
  private final BooleanSupplier stopping; // whether this rank is asked to stop
  private boolean stops; // one of several ranks was, as all know
  private BooleanSupplier capturing = () -> false; // whether this rank wants a copy
  private boolean isCaptureDue; // one of several ranks wants one, as all know

  Ranks(Collective collective, BooleanSupplier stopping) {
    this.collective = collective;
    this.stopping = stopping;
  }

  Collective collective() {
    return collective;
  }

  boolean isAlone() {
    return collective.world() == 1;
  }

  Shard shard() {
    return new Shard(collective.rank(), collective.world());
  }

  /** Returns whether the training is to stop; with several ranks as of the last totals. */
  boolean stops() {
    return isAlone() ? stopping.getAsBoolean() : stops;
  }

  void captureWhen(BooleanSupplier due) {
    capturing = due;
  }

  /** Returns, once, whether a rank wants a copy; with several ranks as of the last totals. */
  boolean takeCaptureDue() {
    boolean isDue = isAlone() ? capturing.getAsBoolean() : isCaptureDue;
    isCaptureDue = false;
    return isDue;
  }

  /** Returns the sums of all ranks' totals, added in the order of the ranks. */
  LossTotals sum(LossTotals own) {
    return sum(gather(own));
  }

  /** Returns the totals of all ranks; null for all when one has none. */
  List<LossTotals> gather(LossTotals own) {
    if (isAlone()) {
      return own == null ? null : List.of(own);
    }
    double[] all = new double[VALUES * collective.world()];
    int at = VALUES * collective.rank();
    LossTotals told = own == null ? LossTotals.NONE : own;
    all[at] = told.lossSum();
    all[at + 1] = told.correct();
    all[at + 2] = told.inTopFive();
    all[at + 3] = told.count();
    all[at + 4] = told.firstNonFiniteStep();
    all[at + 5] = stopping.getAsBoolean() ? 1 : 0;
    all[at + 6] = own == null ? 1 : 0;
    all[at + 7] = capturing.getAsBoolean() ? 1 : 0;
    collective.sum(all); // each place is written by one rank
    List<LossTotals> parts = new ArrayList<>();
    boolean isWhole = true;
    for (int i = 0; i < all.length; i += VALUES) {
      parts.add(
          new LossTotals(
              all[i], (long) all[i + 1], (long) all[i + 2], (long) all[i + 3], (long) all[i + 4]));
      stops |= all[i + 5] != 0;
      isWhole &= all[i + 6] == 0;
      isCaptureDue |= all[i + 7] != 0;
    }
    return isWhole ? parts : null;
  }

  /** Adds up totals in their order; null for null. */
  static LossTotals sum(List<LossTotals> parts) {
    if (parts == null || parts.size() == 1) {
      return parts == null ? null : parts.get(0);
    }
    LossTotals sum = LossTotals.NONE;
    for (LossTotals part : parts) {
      long first = sum.firstNonFiniteStep();
      long other = part.firstNonFiniteStep();
      sum =
          new LossTotals(
              sum.lossSum() + part.lossSum(),
              sum.correct() + part.correct(),
              sum.inTopFive() + part.inTopFive(),
              sum.count() + part.count(),
              first < 0 || other < 0 ? Math.max(first, other) : Math.min(first, other));
    }
    return sum;
  }
}
