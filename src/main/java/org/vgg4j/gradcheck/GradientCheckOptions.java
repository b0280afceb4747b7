package org.vgg4j.gradcheck;

import org.vgg4j.tensor.InvalidInputException;

/**
 * The options of a gradient check.
 *
 * @param tolerance the largest error that passes, see {@link TensorReport#error}
 * @param step the distance to either side at which the objective is evaluated first; kinks are
 *     retried with a tenth of it
 * @param floor the divisor of an error when all of a tensor's gradients are smaller
 * @param maxElements the most elements checked per tensor; in a larger one, a random element of
 *     each of this many equal ranges
 * @param seed the seed of inputs, weights, element draws and dropout masks
 */
public record GradientCheckOptions(
    double tolerance, double step, double floor, int maxElements, long seed) {
  /** For one layer: tolerance 1e-7, step 1e-5, floor 1e-3, 1000 elements per tensor, seed 0. */
  public static final GradientCheckOptions LAYER =
      new GradientCheckOptions(1e-7, 1e-5, 1e-3, 1000, 0);

  /** For a whole net: tolerance 1e-6, step 1e-5, floor 1e-3, 1000 elements per tensor, seed 0. */
  public static final GradientCheckOptions NET =
      new GradientCheckOptions(1e-6, 1e-5, 1e-3, 1000, 0);

  /** Checks the fields. */
  public GradientCheckOptions {
    positive("tolerance", tolerance);
    positive("step", step);
    positive("floor", floor);
    positive("number of elements", maxElements);
  }

  private static void positive(String what, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "the " + what + " of a gradient check must be positive, not " + value);
    }
  }

  /** Returns these options with another tolerance. */
  public GradientCheckOptions withTolerance(double other) {
    return new GradientCheckOptions(other, step, floor, maxElements, seed);
  }

  /** Returns these options with another first step. */
  public GradientCheckOptions withStep(double other) {
    return new GradientCheckOptions(tolerance, other, floor, maxElements, seed);
  }

  /** Returns these options with another floor. */
  public GradientCheckOptions withFloor(double other) {
    return new GradientCheckOptions(tolerance, step, other, maxElements, seed);
  }

  /** Returns these options with another number of elements per tensor. */
  public GradientCheckOptions withMaxElements(int other) {
    return new GradientCheckOptions(tolerance, step, floor, other, seed);
  }

  /** Returns these options with another seed. */
  public GradientCheckOptions withSeed(long other) {
    return new GradientCheckOptions(tolerance, step, floor, maxElements, other);
  }
}
