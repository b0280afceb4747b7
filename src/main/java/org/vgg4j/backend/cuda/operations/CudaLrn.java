package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;
import org.vgg4j.tensor.Work;

/** Local response normalization across channels by custom kernels. */
public final class CudaLrn extends CudaPlan implements WindowPlan {
  private final CudaLayout x; // (N, C, H, W)
  private final KernelLaunch forward;
  private final KernelLaunch backward; // null when planned for inference

  public CudaLrn(Closing owned, CudaDevice device, LrnSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "local response norm", usage);
    this.x = x.requirePlain("local response norm");
    Kernels kernels = device.kernels();
    forward = owned.own(launch(kernels, "vgg4j_lrn", spec, 8, 2));
    backward =
        usage.training() ? owned.own(launch(kernels, "vgg4j_lrn_backward", spec, 10, 4)) : null;
  }

  private KernelLaunch launch(
      Kernels kernels, String name, LrnSpec spec, int arguments, int firstNumber) {
    return PointwiseKernels.over(kernels, name, x, arguments)
        .set(firstNumber, x.positions())
        .set(firstNumber + 1, x.stored())
        .set(firstNumber + 2, spec.size())
        .set(firstNumber + 3, (float) (spec.alpha() / spec.size()))
        .set(firstNumber + 4, (float) spec.beta())
        .set(firstNumber + 5, (float) spec.k());
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return null;
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork().kernel("lrn", List.of(x), x);
    if (backward != null) {
      work.backward().kernel("lrn backward", List.of(x, x, x), x);
    }
    return work.list();
  }

  @Override
  public void forward(Tensor source, Tensor y, Tensor saved) {
    operand(saved, null, "saved");
    forward.set(0, operand(source, x, "x")).set(1, operand(y, x, "y")).launch();
  }

  @Override
  public void backward(Tensor source, Tensor y, Tensor dy, Tensor saved, Tensor dx) {
    requireTraining();
    operand(saved, null, "saved");
    backward
        .set(0, operand(source, x, "x"))
        .set(1, operand(y, x, "y"))
        .set(2, operand(dy, x, "dy"))
        .set(3, operand(dx, x, "dx"))
        .launch();
  }
}
