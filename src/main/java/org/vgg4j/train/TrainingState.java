package org.vgg4j.train;

import java.util.List;
import org.vgg4j.tensor.LossTotals;

/**
 * Where a training stands between two steps: together with the net's and the optimizer's tensors
 * all that going on takes, since every random draw is a function of the seed and these counts.
 *
 * @param step updates made so far
 * @param passes forward and backward passes made so far
 * @param epoch the epoch under way, from 1; beyond the last when the run is finished
 * @param batch batches of it that are done; all of them when only its evaluation is missing
 * @param rollbacks how often the run went back to a checkpoint after its loss was not finite; each
 *     divides the learning rate by ten
 * @param epochSeconds the time spent on the epoch so far
 * @param totals the losses of the epoch so far
 * @param finished the epochs before
 */
public record TrainingState(
    long step,
    long passes,
    int epoch,
    int batch,
    int rollbacks,
    double epochSeconds,
    LossTotals totals,
    List<EpochMetrics> finished) {
  /** Copies the lists. */
  public TrainingState {
    finished = List.copyOf(finished);
  }

  /** Returns the test accuracy of exactly these weights; null unless an epoch has just ended. */
  public Double testAccuracy() {
    return endsEpoch() ? (Double) finished.get(finished.size() - 1).testAccuracy() : null;
  }

  /** Returns whether the state is that just after an epoch. */
  public boolean endsEpoch() {
    return batch == 0 && !finished.isEmpty();
  }

  /** Returns the same after so many rollbacks. */
  TrainingState withRollbacks(int count) {
    return new TrainingState(step, passes, epoch, batch, count, epochSeconds, totals, finished);
  }

  /** Returns whether two states are at the same place of the same run. */
  public boolean isAt(TrainingState other) {
    return other != null
        && step == other.step
        && epoch == other.epoch
        && batch == other.batch
        && rollbacks == other.rollbacks;
  }

  /** Returns the place in words. */
  public String place() {
    return "step " + step + (endsEpoch() ? ", after epoch " + (epoch - 1) : ", in epoch " + epoch);
  }
}
