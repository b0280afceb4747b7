package org.vgg4j.tensor;

/** A planned max pooling. Shapes: x (N, C, H, W), y (N, C, P, Q). */
public interface MaxPool2dPlan extends Plan {
  /** Returns the layout of y and dy. */
  Layout y();

  /**
   * Returns the layout of what a training forward leaves for the backward; null when planned for
   * inference.
   */
  Layout saved();

  /** y from x; {@code saved} is null when planned for inference. */
  void forward(Tensor x, Tensor y, Tensor saved);

  /** dx from dy: each goes to where its maximum was, and adds up where windows overlap. */
  void backward(Tensor x, Tensor y, Tensor dy, Tensor saved, Tensor dx);
}
