package org.vgg4j.optim;

import org.vgg4j.tensor.InvalidInputException;

/**
 * The numbers of learning-rate schedules; one that a schedule does not use has no effect.
 *
 * @param stepEpochs of {@code step}: after every so many epochs the rate falls
 * @param factor of {@code step} and {@code plateau}: what the rate is divided by when it falls
 * @param patience of {@code plateau}: after so many epochs without a better test accuracy the rate
 *     falls
 * @param drops of {@code plateau}: how often the rate falls at most
 * @param warmUp of every schedule
 */
public record ScheduleOptions(
    int stepEpochs, double factor, int patience, int drops, WarmUp warmUp) {
  /** A tenth after 30 epochs, or after 5 without a better accuracy and then 3 times; no warm-up. */
  public static final ScheduleOptions DEFAULT = new ScheduleOptions(30, 10, 5, 3, WarmUp.NONE);

  /** Checks the fields. */
  public ScheduleOptions {
    InvalidInputException.requireAtLeast(1, "learningRateStep", stepEpochs);
    InvalidInputException.requireAtLeast(1, "patience", patience);
    InvalidInputException.requireAtLeast(0, "learningRateDrops", drops);
    if (!(factor > 1) || Double.isInfinite(factor)) {
      throw InvalidInputException.of(
          "learningRateFactor", "must be greater than 1 and finite, not " + factor);
    }
  }
}
