package org.vgg4j.tensor;

/**
 * Dropout: each element is zeroed with probability p, the others scaled by 1 / (1 - p) (Srivastava
 * et al., 2014, in the inverted form).
 *
 * <p>A batch's rows are numbered as its images in the epoch, from {@code StepState.first}, so that
 * slices of a batch on several devices draw what the whole batch draws on one. Element {@code
 * index} (row-major, counted from row 0) of forward pass {@code t} is kept when {@code
 * CounterRandom.bits(key(seed, stream, t), index) >>> 40}, 24 random bits, is at least {@link
 * #threshold()}.
 *
 * @param p the probability of zeroing, in [0, 1)
 * @param stream the number that tells this layer's draws from every other's
 */
public record DropoutSpec(double p, long stream) {
  /** Checks the fields. */
  public DropoutSpec {
    if (!(p >= 0 && p < 1)) {
      throw new InvalidInputException("dropout probability must be in [0, 1), not " + p);
    }
  }

  /** Returns the number below which a 24-bit draw zeroes its element. */
  public int threshold() {
    return (int) Math.round(p * (1 << 24));
  }

  /** Returns the factor of the elements that are kept. */
  public double scale() {
    return 1 / (1 - p);
  }
}
