package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.ConvAlgorithm;
import org.vgg4j.backend.cuda.calls.ConvDescriptors;
import org.vgg4j.backend.cuda.calls.ConvDirection;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.Workspace;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Convolution by cuDNN; a custom kernel applies bias and ReLU in one pass.
 *
 * <p>Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q).
 */
public final class CudnnConv2d extends CudaWeighted {
  private final ConvDescriptors descriptors;
  private final ConvAlgorithm forward;
  private final ConvAlgorithm filter; // null when planned for inference
  private final ConvAlgorithm data; // null when dx is not wanted
  private final KernelLaunch bias; // null without a bias
  private final KernelLaunch relu; // null without a ReLU of its own
  private final Workspace.Share workspace;

  public CudnnConv2d(
      Closing owned, CudaDevice device, Conv2dSpec spec, CudaLayout x, Layout givenW, Usage usage) {
    super(owned, device, "convolution", spec, x, givenW, usage);
    descriptors = new ConvDescriptors(context, owned, spec, x.shape());
    ConvAlgorithms algorithms = device.algorithms();
    forward = algorithms.choose(ConvDirection.FORWARD, descriptors);
    filter = usage.training() ? algorithms.choose(ConvDirection.FILTER, descriptors) : null;
    data =
        usage.training() && usage.inputGradient()
            ? algorithms.choose(ConvDirection.DATA, descriptors)
            : null;
    long bytes = Math.max(bytes(forward), Math.max(bytes(filter), bytes(data)));
    workspace = owned.own(device.memory().workspace().share(bytes));
    bias =
        spec.bias()
            ? owned.own(PointwiseKernels.bias(device.kernels(), y.shape(), spec.relu()))
            : null;
    relu =
        spec.relu() && !spec.bias()
            ? owned.own(PointwiseKernels.relu(device.kernels(), y.shape()))
            : null;
  }

  private static long bytes(ConvAlgorithm algorithm) {
    return algorithm == null ? 0 : algorithm.workspaceBytes();
  }

  @Override
  public void forward(Tensor source, Tensor weights, Tensor shift, Tensor target) {
    Pointer out = operand(target, y, "y");
    Pointer added = operand(shift, b, "b");
    run(forward, operand(source, x, "x"), operand(weights, w, "w"), out);
    if (bias != null) {
      bias.set(0, out).set(1, added).launch();
    } else if (relu != null) {
      relu.set(0, out).set(1, out).launch();
    }
  }

  @Override
  public void backwardData(Tensor weights, Tensor dy, Tensor dx) {
    requireInputGradient();
    run(data, operand(weights, w, "w"), operand(dy, y, "dy"), operand(dx, x, "dx"));
  }

  @Override
  public void backwardWeights(Tensor source, Tensor dy, Tensor dw, Tensor db) {
    requireTraining();
    Pointer slope = operand(dy, y, "dy");
    Pointer sums = db == null ? null : operand(db, b, "db");
    run(filter, operand(source, x, "x"), slope, operand(dw, w, "dw"));
    if (sums != null) {
      context.convolution().cudnnConvolutionBackwardBias(descriptors, slope, sums);
    }
  }

  private void run(ConvAlgorithm algorithm, Pointer first, Pointer second, Pointer result) {
    context.convolution().run(algorithm, descriptors, first, second, workspace.pointer(), result);
  }

  @Override
  public long workspaceBytes() {
    return workspace.bytes();
  }
}
