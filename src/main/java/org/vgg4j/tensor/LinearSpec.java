package org.vgg4j.tensor;

/**
 * A fully connected layer y = x W^T + b. The input may have any rank: (N, C, H, W) counts as (N, C
 * H W), and the weights' logical order is that of the flattened row-major input, whatever the
 * storage.
 *
 * @param inFeatures I, the input's elements per sample
 * @param outFeatures O
 * @param relu whether the forward applies max(., 0) to its output; the backward methods then expect
 *     dy already masked
 */
public record LinearSpec(int inFeatures, int outFeatures, boolean relu) implements WeightedSpec {
  /** Checks the fields. */
  public LinearSpec {
    Specs.positive("linear input features", inFeatures);
    Specs.positive("linear output features", outFeatures);
  }

  /** Returns the shape of the weights: (O, I). */
  @Override
  public Shape w() {
    return Shape.of(outFeatures, inFeatures);
  }

  /** Returns the shape of the output: (N, O). */
  @Override
  public Shape y(Shape x) {
    if (x.rank() < 2 || x.elementCount() / x.dim(0) != inFeatures) {
      throw new InvalidInputException(
          "a linear layer of " + inFeatures + " features got a tensor of shape " + x);
    }
    return Shape.of(x.dim(0), outFeatures);
  }
}
