package org.vgg4j.tensor;

/**
 * A planned convolution or fully connected layer. Shapes of a convolution: x (N, C, H, W), w (K, C,
 * R, S), b (K), y (N, K, P, Q). Shapes of a fully connected layer: x (N, ...) of I values a sample,
 * w (O, I), b (O), y (N, O).
 */
public interface WeightedPlan extends Plan {
  /** Returns the layout of w. */
  Layout w();

  /**
   * Returns the layout of dw and of the value that an optimizer updates: that of w, perhaps in
   * another type.
   */
  default Layout dw() {
    return w();
  }

  /** Returns the layout of y and dy. */
  Layout y();

  /**
   * y = x * w + b for a convolution and x w^T + b for a fully connected layer, then max(., 0) if
   * the spec says so; b is null without a bias.
   */
  void forward(Tensor x, Tensor w, Tensor b, Tensor y);

  /** dx from dy (already masked when the spec has a ReLU). */
  void backwardData(Tensor w, Tensor dy, Tensor dx);

  /**
   * dw and db from x and dy: one call, since engines get the bias for free beside the weights. A
   * convolution leaves db out when it is null; a fully connected layer needs it.
   */
  void backwardWeights(Tensor x, Tensor dy, Tensor dw, Tensor db);

  /**
   * As {@link #backwardWeights} and {@link #backwardData}, which an engine may run beside each
   * other.
   */
  default void backward(Tensor x, Tensor w, Tensor dy, Tensor dw, Tensor db, Tensor dx) {
    backwardWeights(x, dy, dw, db);
    backwardData(w, dy, dx);
  }
}
