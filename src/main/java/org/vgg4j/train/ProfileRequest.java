package org.vgg4j.train;

import java.util.List;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.StepTime;

/**
 * Which steps of a training are timed.
 *
 * @param warmUp how many steps come first and are not timed
 * @param steps how many are timed; others than whole steps do not count
 * @param images how many images a whole step takes
 * @param taker takes the times when all are there, or at the end of a shorter training
 */
public record ProfileRequest(int warmUp, int steps, int images, Taker taker) {
  /** Checks the fields. */
  public ProfileRequest {
    InvalidInputException.requireAtLeast(0, "warmUp", warmUp);
    InvalidInputException.requireAtLeast(1, "profile", steps);
    InvalidInputException.requireAtLeast(1, "images", images);
  }

  /** Takes what was timed, on the training thread. */
  @FunctionalInterface
  public interface Taker {
    /**
     * Takes at least one step.
     *
     * @param firstStep the number of the first timed step in the run, from 1
     * @param lastStep the number of the last
     */
    void take(long firstStep, long lastStep, List<StepTime> times);
  }
}
