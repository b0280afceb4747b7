package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Tensor;

/** Dropout by an own kernel; the mask is drawn again for the backward, never stored. */
public final class CudaDropout implements DropoutPlan {
  private final CudaLayout x;
  private final CudaStepState state;
  private final KernelLaunch kernel;

  public CudaDropout(CudaDevice device, DropoutSpec spec, CudaLayout x, CudaStepState state) {
    this.x = x;
    this.state = state;
    long count = x.shape().elementCount();
    kernel =
        device
            .kernels()
            .strided("vgg4j_dropout", count, 1, 7)
            .set(3, spec.stream())
            .set(4, count)
            .set(5, spec.threshold())
            .set(6, (float) spec.scale());
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    apply(source, y);
  }

  @Override
  public void backward(Tensor dy, Tensor dx) {
    apply(dy, dx);
  }

  private void apply(Tensor source, Tensor target) {
    kernel
        .set(0, CudaTensor.pointer(source, x, "dropout's input"))
        .set(1, CudaTensor.pointer(target, x, "dropout's output"))
        .set(2, state.pointer())
        .launch();
  }

  @Override
  public void close() {
    kernel.close();
  }
}
