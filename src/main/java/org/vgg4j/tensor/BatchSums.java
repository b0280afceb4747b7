package org.vgg4j.tensor;

/**
 * Adds up what the parts of a batch know, each on its device, for a batch norm over the whole
 * batch. All parts call the same methods in the same order.
 */
public interface BatchSums {
  /** Replaces each value by its sum over all parts: counts, sums of values and of squares. */
  void sumStatistics(double[] values);

  /**
   * Replaces each value by its sum over all parts: what the gradient of the statistics is made of.
   * A part without images gets zeros, so that it has no gradient.
   */
  void sumGradients(double[] values);
}
