package org.vgg4j.train;

import org.vgg4j.evaluation.ImagePlace;

/**
 * Receives a training's progress events, on the training thread. Every method does nothing by
 * default.
 */
public interface TrainingListener {
  /** The images were brought to where they lie until the trainer gets others or is closed. */
  default void dataPlaced(ImagePlace train, ImagePlace test) {}

  /**
   * An epoch of {@code steps} steps over {@code images} images begins; {@code epoch} counts from 1.
   */
  default void epochStarted(int epoch, int steps, int images) {}

  /** The {@code step}-th update of the run was submitted; the engine may still be busy. */
  default void stepDone(long step) {}

  /**
   * The loss of this epoch's first {@code step} steps is known: its mean over {@code images}
   * images. Called for every step on a synchronous engine, else for some, a few steps later, and
   * for the last (see {@code Backend.readInterval}).
   */
  default void stepFinished(int epoch, int step, int images, double meanLoss) {}

  /** The training part of the epoch is done; the test set is next. */
  default void evaluationStarted(int epoch) {}

  /** The epoch is done and the model may be saved. */
  default void epochFinished(EpochMetrics metrics) {}

  /** Returns a listener that forwards to several, in order. */
  static TrainingListener all(TrainingListener... listeners) {
    return new ListenerChain(listeners);
  }
}
