package org.vgg4j.tensor;

/**
 * Stochastic gradient descent in PyTorch's form: g += weightDecay p; v = momentum v + g (v = g at
 * the first step); p -= lr v.
 */
public record SgdSpec(double momentum, double weightDecay) {
  /** Checks the fields. */
  public SgdSpec {
    if (!(momentum >= 0 && momentum < 1) || !(weightDecay >= 0)) {
      throw new InvalidInputException(
          "SGD needs a momentum in [0, 1) and a weight decay of at least 0, not "
              + momentum
              + ", "
              + weightDecay);
    }
  }
}
