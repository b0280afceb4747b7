package org.vgg4j.tensor;

/** A planned convolution. Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q). */
public interface Conv2dPlan extends Plan {
  /** Returns the layout of w. */
  Layout w();

  /** Returns the layout of dw: that of w, perhaps in another type. */
  default Layout dw() {
    return w();
  }

  /** Returns the layout of y and dy. */
  Layout y();

  /** y = x * w + b, then max(., 0) if the spec says so; b is null without a bias. */
  void forward(Tensor x, Tensor w, Tensor b, Tensor y);

  /** dx from dy (already masked when the spec has a ReLU). */
  void backwardData(Tensor w, Tensor dy, Tensor dx);

  /**
   * dw, and db unless it is null, from x and dy: one call, since engines get the bias for free
   * beside the filter.
   */
  void backwardFilter(Tensor x, Tensor dy, Tensor dw, Tensor db);
}
