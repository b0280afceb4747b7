package org.vgg4j.optim;

import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Where in a run an update is, as far as its learning rate depends on it. All of it is in a
 * checkpoint, so that a resumed run has the same rates.
 *
 * @param step the number of updates already made
 * @param stepsAnEpoch updates per epoch, at least 1
 * @param epochs the length of the run, at least 1
 * @param accuracies the test accuracy after each finished epoch
 */
public record RunProgress(long step, int stepsAnEpoch, int epochs, List<Double> accuracies) {
  /** Copies the list and checks the numbers. */
  public RunProgress {
    InvalidInputException.requireAtLeast(0, "step", step);
    InvalidInputException.requireAtLeast(1, "stepsAnEpoch", stepsAnEpoch);
    InvalidInputException.requireAtLeast(1, "epochs", epochs);
    accuracies = List.copyOf(accuracies);
  }

  /** Returns the share of the run that is done, at most 1. */
  double share() {
    return Math.min(1, (double) step / ((long) stepsAnEpoch * epochs));
  }
}
