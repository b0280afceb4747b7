package org.vgg4j.backend.cuda.operations;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.NormDescriptors;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;

/**
 * The backward of a batch norm with frozen statistics, which cuDNN's legacy calls lack, built from
 * its inference call: y = gamma (x - mean) / sqrt(var + epsilon) + beta.
 *
 * <p>The usual backward, given the running statistics, yields the gradients of gamma and beta. The
 * input gradient is gamma dy / sqrt(var + epsilon): the inference call over dy with zero mean and
 * beta.
 */
final class FrozenNorm {
  private final CudaContext context;
  private final BatchNorm2dSpec spec;
  private final NormDescriptors descriptors;
  private final NormDescriptors ofChannels;
  private final DeviceMemory zeros; // (C)
  private final DeviceMemory ones; // (C)

  FrozenNorm(Closing owner, CudaDevice device, BatchNorm2dSpec spec, NormDescriptors descriptors) {
    context = device.context();
    this.spec = spec;
    this.descriptors = descriptors;
    ofChannels = descriptors.ofChannels();
    long bytes = (long) spec.channels() * Float.BYTES;
    zeros = owner.own(new DeviceMemory(context, bytes));
    zeros.zero();
    ones = owner.own(new DeviceMemory(context, bytes));
    try (KernelLaunch fill = device.kernels().strided("vgg4j_fill", spec.channels(), 1, 3)) {
      fill.set(0, ones.pointer()).set(1, (long) spec.channels()).set(2, 1f).launch();
    }
  }

  /** Saves the running statistics, and computes 1 / sqrt(var + epsilon) by normalising ones. */
  void keep(Pointer runningMean, Pointer runningVar, SavedStatistics saved) {
    copy(saved.mean(), runningMean);
    copy(saved.variance(), runningVar);
    context
        .norm()
        .cudnnBatchNormalizationForwardInference(
            ofChannels,
            ones.pointer(),
            saved.invVariance(),
            ones.pointer(),
            zeros.pointer(),
            zeros.pointer(),
            runningVar);
  }

  private void copy(Pointer to, Pointer from) {
    context
        .cuda()
        .cudaMemcpyAsync(
            to,
            from,
            (long) spec.channels() * Float.BYTES,
            cudart.cudaMemcpyDeviceToDevice,
            context.stream());
  }

  /** Computes dx from the masked dy. */
  void inputGradient(Pointer dy, Pointer gamma, SavedStatistics saved, Pointer dx) {
    context
        .norm()
        .cudnnBatchNormalizationForwardInference(
            descriptors, dy, dx, gamma, zeros.pointer(), zeros.pointer(), saved.variance());
  }
}
