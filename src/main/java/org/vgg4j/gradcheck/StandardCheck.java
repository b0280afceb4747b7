package org.vgg4j.gradcheck;

import org.vgg4j.tensor.Backend;

/**
 * One entry of {@link StandardChecks}.
 *
 * @param name the name of its report
 * @param body runs the check
 */
public record StandardCheck(String name, Body body) {
  /** Runs a check. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs the check.
     *
     * @param name the name of the report
     * @param backend an engine that computes in double
     * @param seed the seed of inputs, parameters and masks
     */
    GradientReport run(String name, Backend backend, long seed);
  }

  /**
   * Runs the check.
   *
   * @param backend an engine that computes in double
   * @param seed the seed of inputs, parameters and masks
   */
  public GradientReport run(Backend backend, long seed) {
    return body.run(name, backend, seed);
  }

  @Override
  public String toString() {
    return name;
  }
}
