package org.vgg4j.gradcheck;

import java.util.Arrays;
import java.util.function.Supplier;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Tensor;

/** Computes an objective's numeric gradient with respect to one tensor. */
final class CentralDifferences {
  private static final int MAX_RETRIES = 3;
  private static final double STEP_FACTOR = 0.1;

  private final Supplier<double[]> evaluation;
  private final double[] weights;
  private final double[] base; // the objective's parts before any perturbation
  private final GradientCheckOptions options;

  /**
   * Prepares differences around the current point.
   *
   * @param evaluation returns the objective's parts at the current values; must be deterministic
   * @param weights the weight of each part
   */
  CentralDifferences(
      Supplier<double[]> evaluation, double[] weights, GradientCheckOptions options) {
    this.evaluation = evaluation;
    this.weights = weights;
    this.options = options;
    base = evaluation.get();
  }

  /**
   * Returns the estimates for the tensor's elements, or for a random sample of them. Leaves the
   * tensor unchanged.
   *
   * @param key seeds the sample
   */
  Estimate[] of(Tensor tensor, long key) {
    double[] values = Values.of(tensor);
    Estimate[] estimates = new Estimate[Math.min(values.length, options.maxElements())];
    double largest = options.floor();
    for (int k = 0; k < estimates.length; k++) {
      long begin = (long) k * values.length / estimates.length;
      long end = (k + 1L) * values.length / estimates.length;
      int index = (int) (begin + CounterRandom.below(key, k, (int) (end - begin)));
      estimates[k] = estimate(tensor, values, index, options.step(), 0);
      if (estimates[k].isFinite()) {
        largest = Math.max(largest, Math.abs(estimates[k].slope()));
      }
    }
    // An undetected kink distorts a slope by at most 3 times this: by the tolerance.
    double smooth = options.tolerance() * largest / 3;
    for (int k = 0; k < estimates.length; k++) {
      estimates[k] = retried(tensor, values, estimates[k].judged(smooth), smooth);
    }
    return estimates;
  }

  /** Returns whether these parts equal, bit for bit, those before any perturbation. */
  boolean startsFrom(double[] parts) {
    return Arrays.equals(base, parts);
  }

  private Estimate retried(Tensor tensor, double[] values, Estimate first, double smooth) {
    Estimate estimate = first;
    double h = options.step();
    while (estimate.kink() && estimate.retries() < MAX_RETRIES) {
      h *= STEP_FACTOR;
      estimate =
          estimate(tensor, values, estimate.index(), h, estimate.retries() + 1).judged(smooth);
    }
    return estimate;
  }

  private Estimate estimate(Tensor tensor, double[] values, int index, double h, int retries) {
    double x = values[index];
    Estimate.Samples samples =
        new Estimate.Samples(
            x,
            base,
            moved(tensor, values, index, x + h),
            moved(tensor, values, index, x - h),
            moved(tensor, values, index, x + h / 2),
            moved(tensor, values, index, x - h / 2));
    values[index] = x;
    tensor.upload(values);
    return Estimate.of(index, h, samples, weights, retries);
  }

  private double[] moved(Tensor tensor, double[] values, int index, double to) {
    values[index] = to;
    tensor.upload(values);
    return evaluation.get();
  }
}
