package org.vgg4j.tensor;

/** A planned update of a whole slab of parameters by the gradients beside it. */
public interface OptimizerPlan extends Plan {
  /** Makes one update at the state's step and learning rate; the caller then advances the state. */
  void step();

  /**
   * Begins an update that {@link #step(long, long)} makes part by part, with the same bits as
   * {@link #step()}. Only an engine that says {@link Backend#isBranching} needs both.
   */
  default void begin() {
    throw new UnsupportedOperationException("this engine updates all parameters at once");
  }

  /**
   * Updates a range of the slabs.
   *
   * @param first where a parameter begins, in elements
   * @param end where one ends; the gap behind it belongs to the range
   */
  default void step(long first, long end) {
    throw new UnsupportedOperationException("this engine updates all parameters at once");
  }
}
