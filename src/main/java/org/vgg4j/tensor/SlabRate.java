package org.vgg4j.tensor;

/**
 * A learning rate of its own for a part of the slabs, up to where the next such part begins.
 *
 * @param first where it begins, in elements: where a parameter does
 * @param factor of the step's learning rate
 */
public record SlabRate(long first, double factor) {
  /** Checks the fields. */
  public SlabRate {
    if (first < 0 || !(factor > 0) || Double.isInfinite(factor)) {
      throw new IllegalArgumentException(factor + " times the learning rate from " + first + " on");
    }
  }
}
