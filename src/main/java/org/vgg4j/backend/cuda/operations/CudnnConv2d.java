package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.ConvDescriptors;
import org.vgg4j.backend.cuda.calls.ConvDirection;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.Workspace;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dPlan;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Convolution by cuDNN; bias and ReLU are added by an own kernel in one pass. */
public final class CudnnConv2d implements Conv2dPlan {
  private final CudaContext context;
  private final Workspace workspace;
  private final Conv2dSpec spec;
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout w; // (K, C, R, S)
  private final CudaLayout b; // (K)
  private final CudaLayout y; // (N, K, P, Q)
  private final Closing closing = new Closing();
  private final ConvDescriptors descriptors;
  private final ConvAlgorithms.Algorithm forward;
  private final ConvAlgorithms.Algorithm filter; // null when planned for inference
  private final ConvAlgorithms.Algorithm data; // null when dx is not wanted
  private final KernelLaunch bias; // null without a bias
  private final KernelLaunch relu; // null without a ReLU of its own
  private final long workspaceBytes;

  public CudnnConv2d(CudaDevice device, Conv2dSpec spec, CudaLayout x, Usage usage) {
    context = device.context();
    workspace = device.memory().workspace();
    this.spec = spec;
    this.x = x;
    w = CudaLayout.floats(spec.w());
    b = CudaLayout.floats(spec.b());
    y = CudaLayout.floats(spec.y(x.shape()));
    long count = y.shape().elementCount();
    try {
      descriptors = closing.own(new ConvDescriptors(context, spec, x.shape()));
      ConvAlgorithms algorithms = device.algorithms();
      forward = algorithms.choose(ConvDirection.FORWARD, descriptors);
      filter = usage.training() ? algorithms.choose(ConvDirection.FILTER, descriptors) : null;
      data =
          usage.training() && usage.inputGradient()
              ? algorithms.choose(ConvDirection.DATA, descriptors)
              : null;
      workspaceBytes = Math.max(bytes(forward), Math.max(bytes(filter), bytes(data)));
      closing.own(workspace.claim(workspaceBytes));
      bias = spec.bias() ? closing.own(BiasKernel.of(device, y.shape(), spec.relu())) : null;
      relu =
          spec.relu() && !spec.bias()
              ? closing.own(device.kernels().strided("vgg4j_relu", count, 4, 3)).set(2, count)
              : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private static long bytes(ConvAlgorithms.Algorithm algorithm) {
    return algorithm == null ? 0 : algorithm.workspaceBytes();
  }

  @Override
  public Layout w() {
    return w;
  }

  @Override
  public Layout y() {
    return y;
  }

  @Override
  public void forward(Tensor source, Tensor weights, Tensor shift, Tensor target) {
    Pointer out = CudaTensor.pointer(target, y, "convolution y");
    context
        .convolution()
        .cudnnConvolutionForward(
            context.cudnnHandle(),
            descriptors,
            CudaTensor.pointer(source, x, "convolution x"),
            CudaTensor.pointer(weights, w, "convolution w"),
            forward.number(),
            workspace.pointer(),
            forward.workspaceBytes(),
            out);
    if (bias != null) {
      bias.set(0, out).set(1, CudaTensor.pointer(shift, b, "convolution b")).launch();
    } else if (relu != null) {
      relu.set(0, out).set(1, out).launch();
    }
  }

  @Override
  public void backwardData(Tensor weights, Tensor dy, Tensor dx) {
    if (data == null) {
      throw new IllegalStateException("this convolution was planned without its input's gradient");
    }
    context
        .convolution()
        .cudnnConvolutionBackwardData(
            context.cudnnHandle(),
            descriptors,
            CudaTensor.pointer(weights, w, "convolution w"),
            CudaTensor.pointer(dy, y, "convolution dy"),
            data.number(),
            workspace.pointer(),
            data.workspaceBytes(),
            CudaTensor.pointer(dx, x, "convolution dx"));
  }

  @Override
  public void backwardFilter(Tensor source, Tensor dy, Tensor dw, Tensor db) {
    if (filter == null) {
      throw new IllegalStateException("this convolution was planned for inference");
    }
    Pointer slope = CudaTensor.pointer(dy, y, "convolution dy");
    context
        .convolution()
        .cudnnConvolutionBackwardFilter(
            context.cudnnHandle(),
            descriptors,
            CudaTensor.pointer(source, x, "convolution x"),
            slope,
            filter.number(),
            workspace.pointer(),
            filter.workspaceBytes(),
            CudaTensor.pointer(dw, w, "convolution dw"));
    if (spec.bias() && db != null) {
      context
          .convolution()
          .cudnnConvolutionBackwardBias(
              context.cudnnHandle(),
              descriptors,
              slope,
              CudaTensor.pointer(db, b, "convolution db"));
    }
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
