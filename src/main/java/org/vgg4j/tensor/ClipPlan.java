package org.vgg4j.tensor;

/**
 * A planned limit of the gradients' norm, PyTorch's {@code clip_grad_norm_}: all are multiplied by
 * min(1, limit / (norm + 1e-6)), where the norm is the square root of the sum of all squares. The
 * sum has a fixed order and is made in double. A norm that is not finite makes every gradient NaN.
 */
public interface ClipPlan extends Plan {
  /**
   * Returns what the gradients are multiplied by.
   *
   * @param squares the sum of their squares
   * @param most the largest norm that is left as it is
   */
  static double factor(double squares, double most) {
    double ratio = most / (Math.sqrt(squares) + 1e-6);
    return !Double.isFinite(squares) ? Double.NaN : Math.min(1, ratio);
  }

  /** Scales the gradients where their norm is too large. */
  void run();
}
