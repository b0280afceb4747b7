package org.vgg4j.tensor;

/**
 * A planned softmax cross entropy. Shapes: logits, dlogits (N, classes), labels (N) of type I32.
 */
public interface CrossEntropyPlan extends Plan {
  /**
   * Adds the losses and the right answers of the first {@link StepState#rows} samples to the sums
   * that the plan was made with, and writes dlogits = (softmax - target) * {@link
   * StepState#lossScale} unless dlogits is null; the rows behind get zeros. A target is 1 for the
   * label and 0 for others, less the label smoothing that the plan was made with.
   *
   * @throws InvalidInputException when a label is no class, on engines that look at once
   */
  void forward(Tensor logits, Tensor labels, Tensor dlogits);
}
