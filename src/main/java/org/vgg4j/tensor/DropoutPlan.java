package org.vgg4j.tensor;

/**
 * A planned dropout; y may be x and dx may be dy. The draw follows the {@link StepState} it was
 * planned with.
 */
public interface DropoutPlan extends Plan {
  /** y = x masked and scaled. */
  void forward(Tensor x, Tensor y);

  /** dx = dy under the mask of the state's present forward pass. */
  void backward(Tensor dy, Tensor dx);
}
