package org.vgg4j.train;

import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.ScheduleOptions;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The options of a training, besides the net and the optimizer.
 *
 * @param epochs how often the training set is seen
 * @param batchSize images per batch; an epoch's last batch takes the rest
 * @param accumulate batches per step: their gradients, averaged over all their images, make one
 *     update; an epoch's last step takes the remaining batches
 * @param learningRate the rate that the schedule starts from
 * @param schedule how the rate falls over the run's steps
 * @param scheduleOptions the numbers of the schedule, and its warm-up
 * @param seed the seed of the shuffles
 * @param split forward and backward passes per batch: 1 unless memory is short
 * @param updates what is done about an update besides the optimizer's rule
 */
public record TrainingOptions(
    int epochs,
    int batchSize,
    int accumulate,
    double learningRate,
    LearningRateSchedule schedule,
    ScheduleOptions scheduleOptions,
    long seed,
    int split,
    UpdateOptions updates) {
  /** Checks the fields. */
  public TrainingOptions {
    InvalidInputException.requireAtLeast(1, "epochs", epochs);
    InvalidInputException.requireAtLeast(1, "batchSize", batchSize);
    InvalidInputException.requireAtLeast(1, "accumulate", accumulate);
    InvalidInputException.requireAtLeast(1, "passes", split);
    if (!(learningRate > 0) || Double.isInfinite(learningRate)) {
      throw InvalidInputException.of(
          "learningRate", "must be positive and finite, not " + learningRate);
    }
  }

  /** Creates options with one pass per batch. */
  public TrainingOptions(
      int epochs,
      int batchSize,
      int accumulate,
      double learningRate,
      LearningRateSchedule schedule,
      long seed) {
    this(
        epochs,
        batchSize,
        accumulate,
        learningRate,
        schedule,
        ScheduleOptions.DEFAULT,
        seed,
        1,
        UpdateOptions.NONE);
  }

  /** Creates options with one pass per step. */
  public TrainingOptions(
      int epochs, int batchSize, double learningRate, LearningRateSchedule schedule, long seed) {
    this(epochs, batchSize, 1, learningRate, schedule, seed);
  }

  /** Returns these options with other passes per batch. */
  public TrainingOptions withSplit(int other) {
    return new TrainingOptions(
        epochs,
        batchSize,
        accumulate,
        learningRate,
        schedule,
        scheduleOptions,
        seed,
        other,
        updates);
  }

  /** Returns these options with something else done about updates. */
  public TrainingOptions withUpdates(UpdateOptions other) {
    return new TrainingOptions(
        epochs, batchSize, accumulate, learningRate, schedule, scheduleOptions, seed, split, other);
  }

  /** Returns the last layer's learning rate as a multiple of the others'. */
  public double headFactor() {
    double rate = updates.headLearningRate();
    return rate == 0 ? 1 : rate / learningRate;
  }

  /** Returns these options with other numbers of the schedule. */
  public TrainingOptions withScheduleOptions(ScheduleOptions other) {
    return new TrainingOptions(
        epochs, batchSize, accumulate, learningRate, schedule, other, seed, split, updates);
  }

  /** Returns whether a step has more than one pass. */
  public boolean accumulates() {
    return accumulate > 1 || split > 1;
  }
}
