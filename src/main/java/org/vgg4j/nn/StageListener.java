package org.vgg4j.nn;

/**
 * Hears of every stage that a pass comes to, on the thread that runs the net: for timing, counting
 * memory, computing activations again, or sending off gradients that are finished. Every method
 * does nothing by default.
 *
 * <p>On an engine that works while the host goes on, a call means that the work was handed over. A
 * step that the engine runs from a recording tells nobody.
 */
public interface StageListener {
  /** Does nothing. */
  StageListener NONE = new StageListener() {};

  /** The stage is about to compute its output. */
  default void beforeForward(Stage stage) {}

  /** The stage's output is computed. */
  default void afterForward(Stage stage) {}

  /** The stage is about to compute its gradients. */
  default void beforeBackward(Stage stage) {}

  /** The gradients of the stage's input and parameters are computed. */
  default void afterBackward(Stage stage) {}
}
