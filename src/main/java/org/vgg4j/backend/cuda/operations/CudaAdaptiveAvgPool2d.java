package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;
import org.vgg4j.tensor.Work;

/** Adaptive average pooling by custom kernels: cuDNN has no windows of unequal size. */
public final class CudaAdaptiveAvgPool2d extends CudaPlan implements WindowPlan {
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout y; // (N, C, P, Q)
  private final KernelLaunch forward;
  private final KernelLaunch backward; // null when planned for inference

  public CudaAdaptiveAvgPool2d(
      Closing owned, CudaDevice device, AdaptiveAvgPool2dSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "adaptive average pool", usage);
    this.x = x.requirePlain("adaptive average pool");
    y = CudaLayout.channelsLast(spec.y(x.shape()), x.dtype());
    forward = owned.own(launch(device, "vgg4j_adaptive_avg_pool", y));
    backward =
        usage.training() ? owned.own(launch(device, "vgg4j_adaptive_avg_pool_backward", x)) : null;
  }

  private KernelLaunch launch(CudaDevice device, String kernel, CudaLayout written) {
    return PointwiseKernels.over(device.kernels(), kernel, written, 8)
        .set(2, written.storedElements())
        .set(3, x.shape().dim(2))
        .set(4, x.shape().dim(3))
        .set(5, y.shape().dim(2))
        .set(6, y.shape().dim(3))
        .set(7, x.stored());
  }

  @Override
  public Layout y() {
    return y;
  }

  @Override
  public Layout saved() {
    return null;
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork().kernel("average pool", List.of(x), y);
    if (backward != null) {
      work.backward().kernel("average pool backward", List.of(y), x);
    }
    return work.list();
  }

  @Override
  public void forward(Tensor source, Tensor target, Tensor saved) {
    operand(saved, null, "saved");
    forward.set(0, operand(source, x, "x")).set(1, operand(target, y, "y")).launch();
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor saved, Tensor dx) {
    requireTraining();
    operand(saved, null, "saved");
    operand(source, x, "x");
    operand(target, y, "y");
    backward.set(0, operand(dy, y, "dy")).set(1, operand(dx, x, "dx")).launch();
  }
}
