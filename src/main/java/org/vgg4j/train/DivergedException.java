package org.vgg4j.train;

import java.util.Locale;

/** Thrown when the loss or the net itself is no longer finite. The command line exits with 3. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int epoch;
  private final long step;

  /**
   * Creates the exception; {@code epoch} counts from 1, {@code step} from 1 over the whole run.
   *
   * @param what what is not finite: the loss, or the name of a tensor
   */
  public DivergedException(String what, int epoch, long step, double learningRate) {
    super(
        String.format(
            Locale.ROOT,
            "training diverged: %s is not finite in epoch %d, step %d, at learning rate %.3g",
            what,
            epoch,
            step,
            learningRate));
    this.epoch = epoch;
    this.step = step;
  }

  /** Returns the epoch, from 1. */
  public int epoch() {
    return epoch;
  }

  /** Returns the step, from 1 over the whole run. */
  public long step() {
    return step;
  }
}
