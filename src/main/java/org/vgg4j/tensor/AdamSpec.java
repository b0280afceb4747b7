package org.vgg4j.tensor;

/**
 * Adam (Kingma and Ba, 2015) in PyTorch's form: p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 -
 * b2^t) + eps).
 *
 * @param weightDecay added to the gradient as weightDecay * p (L2, not decoupled)
 */
public record AdamSpec(double beta1, double beta2, double epsilon, double weightDecay) {
  /** beta1 0.9, beta2 0.999, epsilon 1e-8, no weight decay. */
  public static final AdamSpec DEFAULT = new AdamSpec(0.9, 0.999, 1e-8, 0);

  /** Checks the fields. */
  public AdamSpec {
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
      throw new InvalidInputException(
          "Adam's betas must be in [0, 1), not " + beta1 + ", " + beta2);
    }
    if (!(epsilon > 0) || !(weightDecay >= 0)) {
      throw new InvalidInputException(
          "Adam needs a positive epsilon and a weight decay of at least 0, not "
              + epsilon
              + ", "
              + weightDecay);
    }
  }
}
