package org.vgg4j.backend.cuda.graph;

import java.util.Locale;

/**
 * A convolution with what is computed in the same plan. Operands are in the order of {@link
 * PlanRun#set}; x, w, y and their gradients have the problem's type and lie NHWC (filters KRSC),
 * vectors have one value a channel: b in the problem's type, all others in fp32.
 */
public enum ConvOperation {
  /** x, w, y. */
  FORWARD,
  /** w, dy, dx. */
  DATA,
  /** x, dy, dw. */
  FILTER,
  /** x, w, b, y: y = conv + b. With b in fp32, bf16 would only have plans compiled at run time. */
  FORWARD_BIAS,
  /** x, w, b, y: y = max(0, conv + b). */
  FORWARD_BIAS_RELU,
  /** x, w, y, sums, squares: beside y its sums and sums of squares, one a channel. */
  FORWARD_STATISTICS,
  /** x, scale, shift, w, y: the convolution of max(0, scale x + shift). */
  NORM_FORWARD,
  /** x, scale, shift, w, y, sums, squares: both of the above. */
  NORM_FORWARD_STATISTICS;

  /** Returns the name for texts: forward statistics. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Returns whether scale, shift and ReLU come before the convolution. */
  public boolean hasNorm() {
    return this == NORM_FORWARD || this == NORM_FORWARD_STATISTICS;
  }

  /** Returns whether a bias is added. */
  public boolean hasBias() {
    return this == FORWARD_BIAS || this == FORWARD_BIAS_RELU;
  }

  /** Returns whether cuDNN only has plans for it that are compiled at run time. */
  boolean isFusion() {
    return hasNorm() || hasStatistics();
  }

  /** Returns whether sums and squares are computed beside y. */
  public boolean hasStatistics() {
    return this == FORWARD_STATISTICS || this == NORM_FORWARD_STATISTICS;
  }
}
