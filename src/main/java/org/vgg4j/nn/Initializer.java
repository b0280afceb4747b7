package org.vgg4j.nn;

import org.vgg4j.tensor.CounterRandom;

/** Computes a parameter's initial values. */
@FunctionalInterface
public interface Initializer {
  /**
   * Returns the value of one element. It depends only on the arguments, so that every engine and
   * layout starts from the same values. Called from several threads.
   *
   * @param key this parameter's {@link CounterRandom} key
   * @param index the element's position in row-major order of the logical shape
   */
  double value(long key, long index);

  /** Returns an initializer of one value everywhere. */
  static Initializer constant(double value) {
    return (key, index) -> value;
  }

  /** Returns an initializer of normal values with mean 0. */
  static Initializer normal(double standardDeviation) {
    return (key, index) -> standardDeviation * CounterRandom.gaussian(key, index);
  }

  /** Returns an initializer of uniform values in [-bound, bound). */
  static Initializer uniform(double bound) {
    return (key, index) -> bound * (2 * CounterRandom.uniform(key, index) - 1);
  }
}
