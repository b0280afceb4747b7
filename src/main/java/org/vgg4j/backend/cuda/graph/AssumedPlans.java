package org.vgg4j.backend.cuda.graph;

import org.vgg4j.tensor.DType;

/**
 * What cuDNN will probably offer for a GPU, where it cannot be asked. From cuDNN 9.24's answers for
 * described GPUs; see benchmarks/results/cudnn-plans.md.
 */
final class AssumedPlans {
  /** The oldest compute capability, times 10, for which cuDNN fuses norms and statistics. */
  private static final int FUSING_CAPABILITY = 80;

  /** The oldest whose kernels take TF32 with the channels last. */
  private static final int CAPABILITY_OF_TF32 = 90;

  /** So few channels in fp32 are copied, too. */
  private static final int FEW_CHANNELS = 4;

  /** Gradients of filters are summed in parts that take about so much. */
  private static final int PARTS = 32;

  private static final long MOST_OF_PARTS = 16L << 20;

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
   * Returns an estimate of the workspace. Where cuDNN has no kernels for this order of images it
   * copies those that it reads to another order; without tensor cores, what it writes, too.
   */
  long workspaceBytes(ConvProblem problem) {
    ConvOperation operation = problem.operation();
    if (operation.isFusion()) {
      return 0;
    }
    boolean isFilter = operation == ConvOperation.FILTER;
    boolean isF32 = problem.type() == DType.F32;
    long bytes;
    if (!usesTensorCores(problem)) {
      bytes = isFilter ? 0 : problem.bytesRead() + problem.bytesWritten();
    } else if (isF32 && device.capability() < CAPABILITY_OF_TF32) {
      bytes = problem.bytesRead();
    } else if (isF32 && isFilter && problem.shape().c() <= FEW_CHANNELS) {
      bytes = problem.bytesRead();
    } else {
      bytes = isFilter ? Math.min(PARTS * problem.bytesWritten(), MOST_OF_PARTS) : 0;
    }
    return Math.min(bytes, policy.workspaceLimit());
  }
}
