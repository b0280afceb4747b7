package org.vgg4j.benchmarks;

import java.util.List;

/**
 * A VGG (Simonyan and Zisserman, 2015): convolution blocks and max-pools, then three linear layers.
 *
 * <p>The layout is written as in the paper's table 1: {@code 64} is a block with a 3x3 convolution
 * of 64 channels, {@code 1x1:64} one with a 1x1 convolution, {@code M} a 2x2 max-pool of stride 2,
 * {@code LRN:size:alpha:beta:k} a local response normalization. A block is convolution, batch
 * normalization where there is one, ReLU; its convolution has a bias only without batch
 * normalization. The linear layers, with bias, follow the flattened features directly.
 *
 * @param layout the features, layer by layer
 * @param hidden the width of the first two linear layers
 * @param dropout the probability of zeroing an output of the first two linear layers
 */
record VggSpec(
    int inChannels,
    int height,
    int width,
    List<String> layout,
    boolean batchNorm,
    int hidden,
    int classes,
    double dropout) {
  static final double BATCH_NORM_EPSILON = 1e-5;
  static final double BATCH_NORM_MOMENTUM = 0.1;

  /** Copies the layout. */
  VggSpec {
    layout = List.copyOf(layout);
  }

  /** Returns the shape of a batch: (N, C, H, W). */
  long[] input(int batch) {
    return new long[] {batch, inChannels, height, width};
  }
}
