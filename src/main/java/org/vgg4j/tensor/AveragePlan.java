package org.vgg4j.tensor;

/**
 * A planned running average of a slab: average += (1 - decay) (value - average). The slab may be
 * longer than its average, whose elements are then those of its beginning.
 */
public interface AveragePlan extends Plan {
  /** Moves the whole average towards the values. */
  void run();

  /**
   * Moves a part of it.
   *
   * @param first where a parameter begins, in elements
   * @param end where one ends; the gap behind it belongs to the part
   */
  void run(long first, long end);

  /** Exchanges the values and their average. */
  void exchange();
}
