package org.vgg4j.tensor;

/**
 * A planned fully connected layer. Shapes: x (N, ...) of I values a sample, w (O, I), b (O), y (N,
 * O).
 */
public interface LinearPlan extends Plan {
  /** Returns the layout of w. */
  Layout w();

  /** Returns the layout of dw: that of w, perhaps in another type. */
  default Layout dw() {
    return w();
  }

  /** Returns the layout of y and dy. */
  Layout y();

  /** y = x w^T + b, then max(., 0) if the spec says so. */
  void forward(Tensor x, Tensor w, Tensor b, Tensor y);

  /** dx from dy (already masked when the spec has a ReLU). */
  void backwardData(Tensor w, Tensor dy, Tensor dx);

  /** dw and db from x and dy. */
  void backwardWeights(Tensor x, Tensor dy, Tensor dw, Tensor db);
}
