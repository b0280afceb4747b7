package org.vgg4j.tensor;

/**
 * A planned block. It keeps what its backward needs in slots of the {@link MemoryPlanner} it was
 * planned with.
 */
public interface ConvBlockPlan extends Plan {
  /** The parameters of a block; absent ones are null. Shapes: w (K, C, R, S), all others (K). */
  record Parameters(
      Tensor w, Tensor b, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar) {}

  /**
   * The gradients of a block's parameters; absent ones are null, and dw of a block whose weights
   * have none.
   */
  record Gradients(Tensor dw, Tensor db, Tensor dgamma, Tensor dbeta) {}

  /** Returns the layout of w. */
  Layout w();

  /** Returns the layout of dw: that of w, perhaps in another type. */
  default Layout dw() {
    return w();
  }

  /** Returns the layout of y and dy. */
  Layout y();

  /** Returns y for x. */
  Tensor forward(Tensor x, Parameters parameters, boolean training);

  /**
   * Computes y of the last training forward again, with the same bits, and all that the backward
   * reads; running statistics stay as they are.
   *
   * @param x the input of that forward
   */
  Tensor forwardAgain(Tensor x, Parameters parameters);

  /**
   * Writes all gradients for the last training forward and returns dx, or null when it was not
   * planned.
   */
  Tensor backward(Tensor dy, Parameters parameters, Gradients gradients);
}
