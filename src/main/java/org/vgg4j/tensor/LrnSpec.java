package org.vgg4j.tensor;

/**
 * Local response normalization across channels: y = x / (k + alpha / size * sum of x^2 over {@code
 * size} channels)^beta (Krizhevsky, Sutskever and Hinton, 2012, section 3.3; alpha is divided by
 * the size as in PyTorch, Caffe and cuDNN).
 *
 * @param size the number of neighbouring channels, odd
 */
public record LrnSpec(int size, double alpha, double beta, double k) {
  /** Krizhevsky's parameters: size 5, alpha 1e-4, beta 0.75, k 2. */
  public static final LrnSpec KRIZHEVSKY = new LrnSpec(5, 1e-4, 0.75, 2);

  /** Checks the fields. */
  public LrnSpec {
    Specs.positive("local response norm size", size);
    if (size % 2 == 0) {
      throw new InvalidInputException("local response norm size must be odd, not " + size);
    }
    if (!(k > 0)) {
      throw new InvalidInputException("local response norm k must be positive, not " + k);
    }
  }
}
