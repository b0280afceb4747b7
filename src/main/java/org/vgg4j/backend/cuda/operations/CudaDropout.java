package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/** Dropout by a custom kernel. The backward draws the mask again, so it is never stored. */
public final class CudaDropout extends CudaPlan implements DropoutPlan {
  private final CudaLayout x;
  private final CudaStepState state;
  private final KernelLaunch kernel;

  public CudaDropout(
      Closing owned, CudaDevice device, DropoutSpec spec, CudaLayout x, CudaStepState state) {
    super(owned, device, "dropout", Usage.TRAINING);
    this.x = x.requirePlain("dropout");
    this.state = state;
    kernel =
        owned.own(
            PointwiseKernels.over(device.kernels(), "vgg4j_dropout", x, 9)
                .set(3, spec.stream())
                .set(4, x.storedElements())
                .set(5, spec.threshold())
                .set(6, (float) spec.scale())
                .set(7, x.channels())
                .set(8, x.inner()));
  }

  @Override
  public List<Work> work() {
    return new PlanWork()
        .kernel("dropout", List.of(x), x)
        .backward()
        .kernel("dropout backward", List.of(x), x)
        .list();
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    apply(source, "x", y, "y");
  }

  @Override
  public void backward(Tensor dy, Tensor dx) {
    apply(dy, "dy", dx, "dx");
  }

  private void apply(Tensor source, String sourceRole, Tensor target, String targetRole) {
    kernel
        .set(0, operand(source, x, sourceRole))
        .set(1, operand(target, x, targetRole))
        .set(2, state.pointer())
        .launch();
  }
}
