package org.vgg4j.tensor;

/**
 * Batch normalization over (N, H, W) per channel (Ioffe and Szegedy, 2015), PyTorch's {@code
 * BatchNorm2d}.
 *
 * @param channels C
 * @param epsilon added to the variance
 * @param exponentialAverageFactor f in running = (1 - f) running + f batch (PyTorch's momentum)
 * @param relu whether max(., 0) is applied to the output; the backward then takes the gradient of
 *     that output
 * @param frozen whether training, too, normalises with the running statistics, held constant
 * @param sums adds up over the parts of a batch that are on several devices, so that the statistics
 *     are those of the whole batch; null for those of the part alone
 */
public record BatchNorm2dSpec(
    int channels,
    double epsilon,
    double exponentialAverageFactor,
    boolean relu,
    boolean frozen,
    BatchSums sums) {
  /** The usual epsilon. */
  public static final double EPSILON = 1e-5;

  /** Checks the fields. */
  public BatchNorm2dSpec {
    Specs.positive("batch norm channels", channels);
    if (!(epsilon > 0)) {
      throw new InvalidInputException("batch norm epsilon must be positive, not " + epsilon);
    }
    if (!(exponentialAverageFactor >= 0 && exponentialAverageFactor <= 1)) {
      throw new InvalidInputException(
          "batch norm averaging factor must be in [0, 1], not " + exponentialAverageFactor);
    }
  }

  /** Creates the spec of a norm with statistics of its own. */
  public BatchNorm2dSpec(
      int channels, double epsilon, double exponentialAverageFactor, boolean relu, boolean frozen) {
    this(channels, epsilon, exponentialAverageFactor, relu, frozen, null);
  }

  /** Returns the usual spec: epsilon 1e-5, factor 0.1, not frozen. */
  public static BatchNorm2dSpec of(int channels, boolean relu) {
    return new BatchNorm2dSpec(channels, EPSILON, 0.1, relu, false);
  }

  /** Returns the same, frozen. */
  public BatchNorm2dSpec withFrozen() {
    return new BatchNorm2dSpec(channels, epsilon, exponentialAverageFactor, relu, true);
  }

  /** Returns the same with statistics over the parts of a batch; null for those of a part. */
  public BatchNorm2dSpec withSums(BatchSums others) {
    return new BatchNorm2dSpec(channels, epsilon, exponentialAverageFactor, relu, frozen, others);
  }

  /** Returns whether a training measures statistics over the parts of a batch. */
  public boolean isShared() {
    return sums != null && !frozen;
  }

  /** Returns the shape of gamma, beta and the running statistics: (C). */
  public Shape parameter() {
    return Shape.of(channels);
  }

  /**
   * Checks that an input (N, C, H, W) has a variance to train with.
   *
   * @throws InvalidInputException when it has one value per channel
   */
  public void requireTrainable(Shape x) {
    if (!frozen && sums == null && x.elementCount() / channels < 2) {
      throw InvalidInputException.of(
          "batchSize",
          "must give batch norm in training more than one value per channel, not an input of " + x);
    }
  }

  /** Checks an input shape (N, C, H, W) and returns it, the output's. */
  public Shape y(Shape x) {
    Specs.image("batch norm", x, channels);
    return x;
  }
}
