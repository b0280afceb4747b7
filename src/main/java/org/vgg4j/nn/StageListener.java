package org.vgg4j.nn;

/**
 * Receives an event for every stage of a pass, on the thread that runs the net: for timing,
 * counting memory, or sending finished gradients. Every method does nothing by default.
 *
 * <p>On an asynchronous engine, an event means that the work was submitted. A step that the engine
 * runs from a recording sends no events.
 */
public interface StageListener {
  /** Does nothing. */
  StageListener NONE = new StageListener() {};

  /** The stage is about to compute its output. */
  default void beforeForward(Stage stage) {}

  /** The stage's output is computed. */
  default void afterForward(Stage stage) {}

  /** The stage is about to compute its output again, within a backward, to save memory. */
  default void beforeForwardAgain(Stage stage) {}

  /** The stage's output is computed again. */
  default void afterForwardAgain(Stage stage) {}

  /** The stage is about to compute its gradients. */
  default void beforeBackward(Stage stage) {}

  /** The gradients of the stage's input and parameters are computed. */
  default void afterBackward(Stage stage) {}
}
