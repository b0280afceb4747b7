package org.vgg4j.tensor;

/**
 * What a cross entropy compares a softmax with. Source: PyTorch {@code
 * CrossEntropyLoss(label_smoothing)}; Szegedy et al., 2016.
 *
 * @param label the target of a sample's label
 * @param other the target of any other class
 */
public record SoftTargets(double label, double other) {
  /**
   * Returns the targets.
   *
   * @param labelSmoothing the share that is spread evenly over all classes
   * @throws InvalidInputException when that is not in [0, 1)
   */
  public static SoftTargets of(double labelSmoothing, int classes) {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw InvalidInputException.of(
          "labelSmoothing", "must be at least 0 and below 1, not " + labelSmoothing);
    }
    return new SoftTargets(1 - labelSmoothing + labelSmoothing / classes, labelSmoothing / classes);
  }

  /** Returns the target of a class. */
  public double of(boolean isLabel) {
    return isLabel ? label : other;
  }

  /**
   * Returns a sample's loss.
   *
   * @param logSum the logarithm of the sum of exp(z - max) over the logits z
   * @param ofLabel z - max of the label
   * @param sum the sum of z - max over all classes, which counts only with smoothing
   */
  public double loss(double logSum, double ofLabel, double sum) {
    return other == 0 ? logSum - ofLabel : logSum - (label - other) * ofLabel - other * sum;
  }
}
