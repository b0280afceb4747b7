package org.vgg4j.tensor;

/** A planned local response normalization across channels. Shapes: x, y (N, C, H, W). */
public interface LrnPlan extends Plan {
  /** Returns the layout of y and dy. */
  Layout y();

  /**
   * Returns the layout of what a training forward leaves for the backward; null when there is
   * nothing.
   */
  Layout saved();

  /** y from x; {@code saved} is null when {@link #saved()} is. */
  void forward(Tensor x, Tensor y, Tensor saved);

  /** dx from dy. */
  void backward(Tensor x, Tensor y, Tensor dy, Tensor saved, Tensor dx);
}
