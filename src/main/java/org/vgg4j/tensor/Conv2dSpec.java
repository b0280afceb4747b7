package org.vgg4j.tensor;

/**
 * A two-dimensional convolution (cross-correlation) of stride 1 over square kernels.
 *
 * @param inChannels C
 * @param outChannels K
 * @param kernel R = S, odd where there is padding
 * @param padding zeros added at each side
 * @param bias whether a bias (K) is added
 * @param relu whether the forward applies max(., 0) to its output; the backward methods then expect
 *     dy already masked
 */
public record Conv2dSpec(
    int inChannels, int outChannels, int kernel, int padding, boolean bias, boolean relu)
    implements WeightedSpec {
  /** Checks the fields. */
  public Conv2dSpec {
    Specs.positive("convolution input channels", inChannels);
    Specs.positive("convolution output channels", outChannels);
    Specs.positive("convolution kernel", kernel);
    if (kernel % 2 == 0 && padding != 0) {
      throw new InvalidInputException("a padded convolution's kernel must be odd, not " + kernel);
    }
    if (padding < 0 || padding >= kernel) {
      throw new InvalidInputException(
          "convolution padding " + padding + " is not in 0.." + (kernel - 1));
    }
  }

  /** Returns the shape of the weights: (K, C, R, S). */
  @Override
  public Shape w() {
    return Shape.of(outChannels, inChannels, kernel, kernel);
  }

  /** Returns the shape of the output (N, K, P, Q) for an input (N, C, H, W). */
  @Override
  public Shape y(Shape x) {
    Specs.image("convolution", x, inChannels);
    int grow = 2 * padding - kernel + 1;
    if (x.dim(2) + grow < 1 || x.dim(3) + grow < 1) {
      throw new InvalidInputException(
          "a "
              + kernel
              + "x"
              + kernel
              + " convolution with padding "
              + padding
              + " does not fit an image of "
              + x);
    }
    return Shape.of(x.dim(0), outChannels, x.dim(2) + grow, x.dim(3) + grow);
  }
}
