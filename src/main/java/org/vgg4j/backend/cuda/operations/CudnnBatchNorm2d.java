package org.vgg4j.backend.cuda.operations;

import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.TensorDescriptor;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.Workspace;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Batch normalization by cuDNN, its ReLU by own kernels. The backward masks dy into the workspace,
 * since nothing says that cuDNN may read dy where it writes dx.
 */
public final class CudnnBatchNorm2d implements BatchNorm2dPlan {
  private final CudaContext context;
  private final Workspace workspace;
  private final BatchNorm2dSpec spec;
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout channel; // (C)
  private final SavedStatistics saved; // null when planned for inference
  private final FrozenNorm frozen; // null unless frozen and for training
  private final Closing closing = new Closing();
  private final TensorDescriptor xDesc;
  private final TensorDescriptor channelDesc;
  private final KernelLaunch relu; // null without a ReLU
  private final KernelLaunch mask; // null without a ReLU and when planned for inference
  private final long workspaceBytes;
  private final String what;

  public CudnnBatchNorm2d(CudaDevice device, BatchNorm2dSpec spec, CudaLayout x, Usage usage) {
    context = device.context();
    workspace = device.memory().workspace();
    this.spec = spec;
    this.x = x;
    channel = CudaLayout.floats(spec.parameter());
    what = "batch norm of x " + spec.y(x.shape());
    long count = x.shape().elementCount();
    if (usage.training() && !spec.frozen() && count / spec.channels() < 2) {
      throw new InvalidInputException(
          "batch norm in training needs more than one value per channel, not an input of "
              + x.shape());
    }
    boolean masked = usage.training() && spec.relu();
    workspaceBytes = masked ? x.bytes() : 0;
    try {
      xDesc = closing.own(TensorDescriptor.image(context, x.shape()));
      channelDesc = closing.own(TensorDescriptor.channels(context, spec.channels()));
      saved = usage.training() ? new SavedStatistics(channel.bytes()) : null;
      frozen =
          usage.training() && spec.frozen()
              ? closing.own(new FrozenNorm(device, spec, xDesc, channelDesc, what))
              : null;
      relu =
          spec.relu()
              ? closing.own(device.kernels().strided("vgg4j_relu", count, 4, 3)).set(2, count)
              : null;
      mask =
          masked
              ? closing
                  .own(device.kernels().strided("vgg4j_relu_backward", count, 4, 4))
                  .set(3, count)
              : null;
      closing.own(workspace.claim(workspaceBytes));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
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
    saved(savedTensor);
    if (frozen != null) {
      forwardInference(source, gamma, beta, runningMean, runningVar, target);
      frozen.keep(channel(runningMean), channel(runningVar), saved);
      return;
    }
    Pointer out = image(target);
    context
        .norm()
        .cudnnBatchNormalizationForwardTraining(
            what,
            context.cudnnHandle(),
            xDesc.get(),
            image(source),
            out,
            channelDesc.get(),
            channel(gamma),
            channel(beta),
            spec.exponentialAverageFactor(),
            channel(runningMean),
            channel(runningVar),
            spec.epsilon(),
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
    Pointer out = image(target);
    context
        .norm()
        .cudnnBatchNormalizationForwardInference(
            what,
            context.cudnnHandle(),
            xDesc.get(),
            image(source),
            out,
            channelDesc.get(),
            channel(gamma),
            channel(beta),
            channel(runningMean),
            channel(runningVar),
            spec.epsilon());
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
    saved(savedTensor);
    Pointer slope = image(dy);
    if (mask != null) {
      Pointer masked = workspace.pointer();
      mask.set(0, image(target)).set(1, slope).set(2, masked).launch();
      slope = masked;
    }
    Pointer result = image(dx);
    cudnnTensorStruct channels = channelDesc.get();
    context
        .norm()
        .cudnnBatchNormalizationBackward(
            what,
            context.cudnnHandle(),
            xDesc.get(),
            image(source),
            slope,
            result,
            channels,
            channel(gamma),
            channel(dgamma),
            channel(dbeta),
            spec.epsilon(),
            saved.mean(),
            saved.invVariance());
    if (frozen != null) {
      frozen.inputGradient(slope, channel(gamma), saved, result);
    }
  }

  private void saved(Tensor tensor) {
    if (saved == null) {
      throw new IllegalStateException("this batch norm was planned for inference");
    }
    saved.bind(tensor);
  }

  private Pointer image(Tensor tensor) {
    return CudaTensor.pointer(tensor, x, "batch norm, images");
  }

  private Pointer channel(Tensor tensor) {
    return CudaTensor.pointer(tensor, channel, "batch norm, values of a channel");
  }

  @Override
  public long workspaceBytes() {
    return workspaceBytes;
  }

  @Override
  public void close() {
    closing.close();
  }
}
