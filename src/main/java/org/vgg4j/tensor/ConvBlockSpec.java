package org.vgg4j.tensor;

/**
 * VGG's repeated unit: convolution, batch norm or not, ReLU, max-pool or not.
 *
 * @param conv the convolution, without a ReLU of its own
 * @param batchNorm the batch norm with ReLU, or null
 * @param pool the pooling, or null
 * @param next the convolution that alone reads the output, or null; an engine may leave the batch
 *     norm and the ReLU to it
 */
public record ConvBlockSpec(
    Conv2dSpec conv, BatchNorm2dSpec batchNorm, MaxPool2dSpec pool, Conv2dSpec next) {
  /** Checks that the parts fit each other. */
  public ConvBlockSpec {
    if (conv.relu()) {
      throw new InvalidInputException("a block's convolution has no ReLU of its own");
    }
    if (batchNorm != null && (batchNorm.channels() != conv.outChannels() || !batchNorm.relu())) {
      throw new InvalidInputException(
          "a block's batch norm has the convolution's "
              + conv.outChannels()
              + " channels and a ReLU");
    }
    if (next != null && next.inChannels() != conv.outChannels()) {
      throw new InvalidInputException(
          "a block of %d channels comes before a convolution of %d"
              .formatted(conv.outChannels(), next.inChannels()));
    }
  }

  /** Returns the spec of the same block whose norm keeps its running statistics. */
  public ConvBlockSpec withFrozenNorm() {
    return batchNorm == null ? this : new ConvBlockSpec(conv, batchNorm.withFrozen(), pool, next);
  }

  /** Returns the spec of the same block whose norm has statistics over the parts of a batch. */
  public ConvBlockSpec withNormSums(BatchSums sums) {
    return batchNorm == null ? this : new ConvBlockSpec(conv, batchNorm.withSums(sums), pool, next);
  }

  /** Returns the convolution with the ReLU that no batch norm does. */
  public Conv2dSpec activatedConv() {
    return batchNorm != null
        ? conv
        : new Conv2dSpec(
            conv.inChannels(),
            conv.outChannels(),
            conv.kernel(),
            conv.padding(),
            conv.bias(),
            true);
  }

  /** Creates the spec of a block whose output anything may read. */
  public ConvBlockSpec(Conv2dSpec conv, BatchNorm2dSpec batchNorm, MaxPool2dSpec pool) {
    this(conv, batchNorm, pool, null);
  }
}
