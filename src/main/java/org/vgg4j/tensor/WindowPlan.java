package org.vgg4j.tensor;

/**
 * A planned operation without parameters over windows: a pooling, whose windows lie in the image,
 * or local response normalization, whose windows lie across the channels. Shapes: x (N, C, H, W), y
 * (N, C, P, Q), of a local response normalization like x.
 */
public interface WindowPlan extends Plan {
  /** Returns the layout of y and dy. */
  Layout y();

  /**
   * Returns the layout of what a training forward leaves for the backward; null when there is
   * nothing, and when planned for inference.
   */
  Layout saved();

  /** y from x; {@code saved} is null when {@link #saved()} is. */
  void forward(Tensor x, Tensor y, Tensor saved);

  /**
   * dx from dy. In a max pooling each dy goes to where its maximum was, and adds up where windows
   * overlap; one that saves something reads neither x nor y.
   */
  void backward(Tensor x, Tensor y, Tensor dy, Tensor saved, Tensor dx);
}
