package org.vgg4j.train;

/**
 * What hears of a training's progress, on the thread that trains. Every method does nothing by
 * default.
 */
public interface TrainingListener {
  /**
   * An epoch of {@code steps} steps over {@code images} images begins; {@code epoch} counts from 1.
   */
  default void epochStarted(int epoch, int steps, int images) {}

  /** An update is made, the {@code step}-th of the run; nothing was waited for. */
  default void stepDone(long step) {}

  /**
   * The loss of this epoch's first {@code step} steps is known: {@code images} images with their
   * mean loss. Heard of every step on an engine that computes at once, else of some, a few steps
   * later, and of the last (see {@code Backend.readInterval}).
   */
  default void stepFinished(int epoch, int step, int images, double meanLoss) {}

  /** The training part of the epoch is done; the test set is next. */
  default void evaluationStarted(int epoch) {}

  /** The epoch is done and the model may be saved. */
  default void epochFinished(EpochMetrics metrics) {}

  /** Returns a listener that tells several, in order. */
  static TrainingListener all(TrainingListener... listeners) {
    return new ListenerChain(listeners);
  }
}
