package org.vgg4j.train;

import java.util.List;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.tensor.LossTotals;

/**
 * A training's position between two steps. With the net's and the optimizer's tensors it is all
 * that is needed to continue, since every random draw depends only on the seed and these counts.
 *
 * @param step updates made so far
 * @param passes forward and backward passes made so far
 * @param epoch the current epoch, from 1; beyond the last when the run is finished
 * @param batch its finished batches; all of them when only its evaluation remains
 * @param rollbacks how often the run went back to a checkpoint after a non-finite loss; each
 *     divides the learning rate by ten
 * @param epochSeconds the time spent on the epoch so far
 * @param waitSeconds of that, the time spent waiting for batches
 * @param totals the losses of the epoch so far
 * @param rankTotals those of each rank, which add up to them in this order; empty for one rank
 * @param finished the metrics of the finished epochs
 */
public record TrainingState(
    long step,
    long passes,
    int epoch,
    int batch,
    int rollbacks,
    double epochSeconds,
    double waitSeconds,
    LossTotals totals,
    List<LossTotals> rankTotals,
    List<EpochMetrics> finished) {
  /** Copies the lists. */
  public TrainingState {
    rankTotals = List.copyOf(rankTotals);
    finished = List.copyOf(finished);
  }

  /** Creates the state of a training on one rank. */
  public TrainingState(
      long step,
      long passes,
      int epoch,
      int batch,
      int rollbacks,
      double epochSeconds,
      double waitSeconds,
      LossTotals totals,
      List<EpochMetrics> finished) {
    this(
        step,
        passes,
        epoch,
        batch,
        rollbacks,
        epochSeconds,
        waitSeconds,
        totals,
        List.of(),
        finished);
  }

  /**
   * Returns what a rank's own totals go on from: after another number of ranks, rank 0 has all of
   * them.
   */
  LossTotals totalsOf(Shard shard) {
    if (rankTotals.size() == shard.world()) {
      return rankTotals.get(shard.rank());
    }
    return shard.rank() == 0 ? totals : LossTotals.NONE;
  }

  /** Returns the test accuracy of exactly these weights; null unless an epoch has just ended. */
  public Double testAccuracy() {
    return endsEpoch() ? (Double) finished.get(finished.size() - 1).testAccuracy() : null;
  }

  /** Returns whether an epoch has just ended. */
  public boolean endsEpoch() {
    return batch == 0 && !finished.isEmpty();
  }

  /** Returns this state after {@code count} rollbacks. */
  TrainingState withRollbacks(int count) {
    return new TrainingState(
        step, passes, epoch, batch, count, epochSeconds, waitSeconds, totals, rankTotals, finished);
  }

  /** Returns whether two states are at the same position of the same run. */
  public boolean isAt(TrainingState other) {
    return other != null
        && step == other.step
        && epoch == other.epoch
        && batch == other.batch
        && rollbacks == other.rollbacks;
  }

  /** Returns the position in words. */
  public String place() {
    return "step " + step + (endsEpoch() ? ", after epoch " + (epoch - 1) : ", in epoch " + epoch);
  }
}
