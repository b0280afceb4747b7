package org.vgg4j.backend.cuda.graph;

import org.vgg4j.tensor.DType;

/**
 * What cuDNN will probably offer for a GPU, where it cannot be asked. From cuDNN 9.24's answers for
 * described GPUs; see benchmarks/results/cudnn-plans.md.
 */
final class AssumedPlans {
  /** The oldest compute capability, times 10, for which cuDNN fuses norms and statistics. */
  private static final int FUSING_CAPABILITY = 80;

  /** Gradients of filters are summed in parts. */
  private static final int PARTS = 16;

  private final DeviceDescription device;
  private final PlanPolicy policy;

  AssumedPlans(DeviceDescription device, PlanPolicy policy) {
    this.device = device;
    this.policy = policy;
  }

  DeviceDescription device() {
    return device;
  }

  /** Returns whether cuDNN offers an operation. */
  boolean offers(ConvProblem problem) {
    return !problem.operation().isFusion()
        || (device.capability() >= FUSING_CAPABILITY && usesTensorCores(problem));
  }

  private boolean usesTensorCores(ConvProblem problem) {
    return problem.type() == DType.BF16 || (!policy.strict() && device.tf32().isPresent());
  }

  /**
   * Returns an estimate of the workspace. Tensor cores read images as they are; without them images
   * are copied to another order.
   */
  long workspaceBytes(ConvProblem problem) {
    long bytes;
    if (!usesTensorCores(problem)) {
      bytes = problem.bytesRead() + problem.bytesWritten();
    } else if (problem.operation() == ConvOperation.FILTER) {
      bytes = problem.bytesWritten() / problem.type().bytes() * Float.BYTES * PARTS;
    } else {
      bytes = 0;
    }
    return Math.min(bytes, policy.workspaceLimit());
  }
}
