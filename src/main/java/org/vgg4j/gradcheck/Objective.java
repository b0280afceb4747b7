package org.vgg4j.gradcheck;

import org.vgg4j.tensor.Tensor;

/**
 * The number whose gradient is checked: the sum of {@link #evaluate} times {@link #weights}. It is
 * kept in parts so that differences are taken part by part, where most cancel exactly.
 */
interface Objective {
  /** Runs a forward and returns the parts, in a new array. */
  double[] evaluate();

  /** Returns the weight of each part. */
  double[] weights();

  /** Runs a forward and returns the gradient of the net's output, in the net's tensor for it. */
  Tensor outputGradient();
}
