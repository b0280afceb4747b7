package org.vgg4j.run;

import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What happens when the loss or a weight is not finite: the training stops, or goes back to the
 * last checkpoint at a tenth of the learning rate.
 */
public enum NanPolicy {
  /** The training stops. */
  STOP,
  /** The training goes back, at most {@link #MOST_ROLLBACKS} times in a run. */
  ROLLBACK;

  /** How often a run may go back. */
  public static final int MOST_ROLLBACKS = 3;

  /**
   * Returns the one that a name stands for: stop or rollback.
   *
   * @throws InvalidInputException when it is neither
   */
  public static NanPolicy of(String name) {
    return Choice.of("onNan", NanPolicy.class, name);
  }
}
