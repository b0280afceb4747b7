package org.vgg4j.tensor;

/**
 * Adds up what the parts of a batch know, each on its device, for a batch norm over the whole
 * batch. All parts call the same methods in the same order.
 *
 * <p>An engine on the host takes {@link #sumStatistics} and {@link #sumGradients}. One with memory
 * of its own leaves values where they are and takes {@link #sum}, for which it has to know what the
 * other methods tell.
 */
public interface BatchSums {
  /** Replaces each value by its sum over all parts: counts, sums of values and of squares. */
  void sumStatistics(double[] values);

  /**
   * Replaces each value by its sum over all parts: what the gradient of the statistics is made of.
   * A part without images gets zeros, so that it has no gradient.
   */
  void sumGradients(double[] values);

  /** Returns the number of parts. */
  int parts();

  /** Returns which of them this is, from 0. */
  int part();

  /**
   * Returns whether this part has no images in the pass that is being enqueued. What it gives to
   * {@link #sum} must then be zeros, and its gradient must not depend on what it gets.
   */
  boolean isEmpty();

  /**
   * Replaces elements in an engine's memory by their sums over all parts. Nothing waits: the sum
   * comes after what the engine was given before, and before what it is given next.
   *
   * @param slab memory of the engine
   * @param type of its elements, floating-point
   * @param from the first element
   * @param count the number of elements, the same in all parts
   * @throws InvalidInputException when sums do not reach such memory
   */
  void sum(Arena slab, DType type, long from, long count);
}
