package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.graph.ConvOperation;
import org.vgg4j.backend.cuda.graph.ConvPlan;
import org.vgg4j.backend.cuda.graph.ConvProblem;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Conv2dSpec;

/**
 * Which forward of a convolution cuDNN runs: with what is around it where cuDNN offers that and it
 * is faster, else alone.
 */
final class ConvForwardChoice {
  /** The sums of squares lie right behind the sums, and cuDNN wants both at 16 bytes. */
  private static final int CHANNELS_OF_ALIGNED_SUMS = 4;

  private ConvForwardChoice() {}

  /** Returns the plan of the forward; {@code x} is the layout of the input. */
  static ConvPlan of(CudaDevice device, Conv2dSpec spec, CudaLayout x, ConvProducts.Then then) {
    ConvPlan alone = device.plans().plan(ConvProducts.problem(ConvOperation.FORWARD, spec, x));
    ConvPlan best = alone;
    switch (then) {
      case BIAS_AND_RELU -> {
        if (spec.bias() && !x.deferred()) {
          ConvOperation with =
              spec.relu() ? ConvOperation.FORWARD_BIAS_RELU : ConvOperation.FORWARD_BIAS;
          best = device.fusions().withBias(alone, ConvProducts.problem(with, spec, x), x, spec);
        }
      }
      case NOTHING -> {
        if (x.deferred()) {
          best =
              device
                  .fusions()
                  .withNorm(
                      alone, ConvProducts.problem(ConvOperation.NORM_FORWARD, spec, x), x, spec);
        }
      }
      case STATISTICS -> {
        if (spec.outChannels() % CHANNELS_OF_ALIGNED_SUMS != 0) {
          return of(device, spec, x, ConvProducts.Then.NOTHING);
        }
        ConvOperation with =
            x.deferred() ? ConvOperation.NORM_FORWARD_STATISTICS : ConvOperation.FORWARD_STATISTICS;
        best = device.fusions().withNorm(alone, ConvProducts.problem(with, spec, x), x, spec);
        if (best == alone && x.deferred()) {
          // The values are computed first then; their convolution may have the sums all the same.
          ConvProblem sums = ConvProducts.problem(ConvOperation.FORWARD_STATISTICS, spec, x);
          best = device.fusions().withNorm(alone, sums, x, spec);
        }
      }
      default -> throw new IllegalArgumentException(then.toString());
    }
    return best;
  }
}
