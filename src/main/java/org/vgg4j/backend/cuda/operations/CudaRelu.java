package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/** ReLU by custom kernels. */
public final class CudaRelu extends CudaPlan implements ReluPlan {
  private final CudaLayout x;
  private final KernelLaunch forward;
  private final KernelLaunch backward; // null when planned for inference

  public CudaRelu(Closing owned, CudaDevice device, CudaLayout x, Usage usage) {
    super(owned, device, "ReLU", usage);
    this.x = x.requirePlain("ReLU");
    forward = owned.own(PointwiseKernels.relu(device.kernels(), x));
    backward =
        usage.training() ? owned.own(PointwiseKernels.reluBackward(device.kernels(), x)) : null;
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork().kernel("relu", List.of(x), x);
    if (backward != null) {
      work.backward().kernel("relu backward", List.of(x, x), x);
    }
    return work.list();
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    forward.set(0, operand(source, x, "x")).set(1, operand(y, x, "y")).launch();
  }

  @Override
  public void backward(Tensor y, Tensor dy, Tensor dx) {
    requireTraining();
    backward
        .set(0, operand(y, x, "y"))
        .set(1, operand(dy, x, "dy"))
        .set(2, operand(dx, x, "dx"))
        .launch();
  }
}
