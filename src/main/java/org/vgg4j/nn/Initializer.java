package org.vgg4j.nn;

import org.vgg4j.tensor.CounterRandom;

/** The values a parameter starts with. */
@FunctionalInterface
public interface Initializer {
  /**
   * Returns the value of one element, a function of its arguments alone, so that every engine and
   * layout starts from the same values. Called from several threads.
   *
   * @param key a {@link CounterRandom} key of this parameter's own
   * @param index the element's position in row-major order of the logical shape
   */
  double value(long key, long index);

  /** Returns the same value everywhere. */
  static Initializer constant(double value) {
    return (key, index) -> value;
  }

  /** Returns normal values of mean 0. */
  static Initializer normal(double standardDeviation) {
    return (key, index) -> standardDeviation * CounterRandom.gaussian(key, index);
  }

  /** Returns values uniform in [-bound, bound). */
  static Initializer uniform(double bound) {
    return (key, index) -> bound * (2 * CounterRandom.uniform(key, index) - 1);
  }
}
