package org.vgg4j.train;

import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How a net is trained, beside the net and the optimizer.
 *
 * @param epochs how often the training set is seen
 * @param batchSize images a forward and backward pass; the last of an epoch takes what is left
 * @param accumulate passes a step: their gradients are averaged over all their images and make one
 *     update; the last step of an epoch takes the passes that are left
 * @param learningRate the rate that the schedule starts from
 * @param schedule how the rate falls over the run's steps
 * @param seed what the shuffles are drawn from
 */
public record TrainingOptions(
    int epochs,
    int batchSize,
    int accumulate,
    double learningRate,
    LearningRateSchedule schedule,
    long seed) {
  /** Checks the fields. */
  public TrainingOptions {
    InvalidInputException.requireAtLeast(1, "epochs", epochs);
    InvalidInputException.requireAtLeast(1, "batchSize", batchSize);
    InvalidInputException.requireAtLeast(1, "accumulate", accumulate);
    if (!(learningRate > 0) || Double.isInfinite(learningRate)) {
      throw InvalidInputException.of(
          "learningRate", "must be positive and finite, not " + learningRate);
    }
  }

  /** Options with one pass a step. */
  public TrainingOptions(
      int epochs, int batchSize, double learningRate, LearningRateSchedule schedule, long seed) {
    this(epochs, batchSize, 1, learningRate, schedule, seed);
  }
}
