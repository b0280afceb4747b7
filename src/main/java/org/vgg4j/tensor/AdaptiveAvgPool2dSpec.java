package org.vgg4j.tensor;

/**
 * Average pooling to a fixed size: output row p is the mean of the input rows from {@code p H / P},
 * rounded down, to {@code (p + 1) H / P}, rounded up, and so for columns. Windows overlap where P
 * does not divide H, and repeat values where P is larger than H.
 *
 * <p>Source: PyTorch {@code torch.nn.AdaptiveAvgPool2d}.
 *
 * @param height the rows of the output, P
 * @param width the columns of the output, Q
 */
public record AdaptiveAvgPool2dSpec(int height, int width) {
  /** Checks the fields. */
  public AdaptiveAvgPool2dSpec {
    Specs.positive("adaptive average pool height", height);
    Specs.positive("adaptive average pool width", width);
  }

  /** Returns the shape of the output. */
  public Shape y(Shape x) {
    if (x.rank() != 4) {
      throw new InvalidInputException(
          "an adaptive average pool does not fit a tensor of shape " + x);
    }
    return Shape.of(x.dim(0), x.dim(1), height, width);
  }

  /**
   * Returns where the window of output {@code p} begins, for {@code in} inputs and {@code out}
   * outputs. With the roles changed it is the first output whose window has input {@code p}.
   */
  public static int begin(int p, int in, int out) {
    return (int) ((long) p * in / out);
  }

  /** Returns where the window that {@link #begin} begins ends, exclusive. */
  public static int end(int p, int in, int out) {
    return (int) (((p + 1L) * in + out - 1) / out);
  }
}
