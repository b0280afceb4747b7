package org.vgg4j.tensor;

/** A planned y = max(x, 0), elementwise; y may be x and dx may be dy. */
public interface ReluPlan extends Plan {
  /** y = max(x, 0). */
  void forward(Tensor x, Tensor y);

  /** dx = dy where y > 0, else 0. */
  void backward(Tensor y, Tensor dy, Tensor dx);
}
