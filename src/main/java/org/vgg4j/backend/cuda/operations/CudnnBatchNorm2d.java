package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.NormDescriptors;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.Workspace;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Batch normalization by cuDNN, its ReLU by custom kernels. The backward masks dy into the
 * workspace, since cuDNN does not document that dx may overwrite dy.
 */
public final class CudnnBatchNorm2d extends CudaPlan implements BatchNorm2dPlan {
  private final BatchNorm2dSpec spec;
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout channel; // (C)
  private final SavedStatistics saved; // null when planned for inference
  private final FrozenNorm frozen; // null unless frozen and for training
  private final NormDescriptors descriptors;
  private final KernelLaunch relu; // null without a ReLU
  private final KernelLaunch mask; // null without a ReLU and when planned for inference
  private final Workspace.Share workspace;

  public CudnnBatchNorm2d(
      Closing owned, CudaDevice device, BatchNorm2dSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "batch norm", usage);
    this.spec = spec;
    this.x = x;
    channel = CudaLayout.floats(spec.parameter());
    descriptors = NormDescriptors.of(context, owned, spec, x.shape());
    if (usage.training()) {
      spec.requireTrainable(x.shape());
    }
    boolean masked = usage.training() && spec.relu();
    saved = usage.training() ? new SavedStatistics(channel.bytes()) : null;
    frozen =
        usage.training() && spec.frozen() ? new FrozenNorm(owned, device, spec, descriptors) : null;
    Kernels kernels = device.kernels();
    relu = spec.relu() ? owned.own(PointwiseKernels.relu(kernels, x.shape())) : null;
    mask = masked ? owned.own(PointwiseKernels.reluBackward(kernels, x.shape())) : null;
    workspace = owned.own(device.memory().workspace().share(masked ? x.bytes() : 0));
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return saved == null ? null : saved.layout();
  }

  @Override
  public void forwardTraining(
      Tensor source,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor target,
      Tensor savedTensor) {
    bindSaved(savedTensor);
    if (frozen != null) {
      forwardInference(source, gamma, beta, runningMean, runningVar, target);
      frozen.keep(
          operand(runningMean, channel, "runningMean"),
          operand(runningVar, channel, "runningVar"),
          saved);
      return;
    }
    Pointer out = operand(target, x, "y");
    context
        .norm()
        .cudnnBatchNormalizationForwardTraining(
            descriptors,
            operand(source, x, "x"),
            out,
            operand(gamma, channel, "gamma"),
            operand(beta, channel, "beta"),
            spec.exponentialAverageFactor(),
            operand(runningMean, channel, "runningMean"),
            operand(runningVar, channel, "runningVar"),
            saved.mean(),
            saved.invVariance());
    rectify(out);
  }

  @Override
  public void forwardInference(
      Tensor source,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor target) {
    Pointer out = operand(target, x, "y");
    context
        .norm()
        .cudnnBatchNormalizationForwardInference(
            descriptors,
            operand(source, x, "x"),
            out,
            operand(gamma, channel, "gamma"),
            operand(beta, channel, "beta"),
            operand(runningMean, channel, "runningMean"),
            operand(runningVar, channel, "runningVar"));
    rectify(out);
  }

  private void rectify(Pointer out) {
    if (relu != null) {
      relu.set(0, out).set(1, out).launch();
    }
  }

  @Override
  public void backward(
      Tensor source,
      Tensor target,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor savedTensor,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta) {
    bindSaved(savedTensor);
    operand(beta, channel, "beta"); // not read, but checked: a wrong one is a bug
    Pointer output = operand(target, x, "y");
    Pointer slope = operand(dy, x, "dy");
    if (mask != null) {
      Pointer masked = workspace.pointer();
      mask.set(0, output).set(1, slope).set(2, masked).launch();
      slope = masked;
    }
    Pointer result = operand(dx, x, "dx");
    context
        .norm()
        .cudnnBatchNormalizationBackward(
            descriptors,
            operand(source, x, "x"),
            slope,
            result,
            operand(gamma, channel, "gamma"),
            operand(dgamma, channel, "dgamma"),
            operand(dbeta, channel, "dbeta"),
            saved.mean(),
            saved.invVariance());
    if (frozen != null) {
      frozen.inputGradient(slope, operand(gamma, channel, "gamma"), saved, result);
    }
  }

  private void bindSaved(Tensor tensor) {
    requireTraining();
    saved.bind(operandTensor(tensor, saved.layout(), "saved statistics"));
  }

  @Override
  public long workspaceBytes() {
    return workspace.bytes();
  }
}
