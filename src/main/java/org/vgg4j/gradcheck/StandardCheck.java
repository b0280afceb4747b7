package org.vgg4j.gradcheck;

import org.vgg4j.tensor.Backend;

/**
 * One entry of {@link StandardChecks}.
 *
 * @param name what its report is called
 * @param body what runs
 */
public record StandardCheck(String name, Body body) {
  /** Runs a check. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs the check.
     *
     * @param name what the report is to be called
     * @param backend an engine that computes in double
     * @param seed what inputs, parameters and masks are drawn from
     */
    GradientReport run(String name, Backend backend, long seed);
  }

  /**
   * Runs the check.
   *
   * @param backend an engine that computes in double
   * @param seed what inputs, parameters and masks are drawn from
   */
  public GradientReport run(Backend backend, long seed) {
    return body.run(name, backend, seed);
  }

  @Override
  public String toString() {
    return name;
  }
}
