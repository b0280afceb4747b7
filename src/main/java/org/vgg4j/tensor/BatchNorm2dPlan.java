package org.vgg4j.tensor;

/**
 * A planned batch normalization. Shapes: x, y (N, C, H, W); gamma, beta and the running statistics
 * (C).
 */
public interface BatchNorm2dPlan extends Plan {
  /** Returns the layout of y and dy. */
  Layout y();

  /**
   * Returns the layout of what a training forward leaves for the backward; null when planned for
   * inference.
   */
  Layout saved();

  /**
   * Normalises with the batch's mean and biased variance and moves the running statistics (with the
   * unbiased variance) towards them; a frozen one normalises with the running statistics and leaves
   * them.
   */
  void forwardTraining(
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor saved);

  /**
   * Does what {@link #forwardTraining} did for the same x, with the same bits, but leaves the
   * running statistics as they are.
   */
  void forwardAgain(
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor saved);

  /** Computes the last training forward's y again, with the same bits, from what it saved. */
  void normalizeAgain(Tensor x, Tensor gamma, Tensor beta, Tensor y, Tensor saved);

  /** Normalises with the running statistics. */
  void forwardInference(
      Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar, Tensor y);

  /**
   * dx, dgamma and dbeta of the last training forward. The ReLU's mask is in {@code saved} or
   * follows from x.
   */
  void backward(
      Tensor x,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor saved,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta);
}
