package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** ReLU by own kernels. */
public final class CudaRelu implements ReluPlan {
  private final CudaLayout x;
  private final Closing closing = new Closing();
  private final KernelLaunch forward;
  private final KernelLaunch backward; // null when planned for inference

  public CudaRelu(CudaDevice device, CudaLayout x, Usage usage) {
    this.x = x;
    long count = x.shape().elementCount();
    try {
      forward = closing.own(device.kernels().strided("vgg4j_relu", count, 4, 3)).set(2, count);
      backward =
          usage.training()
              ? closing
                  .own(device.kernels().strided("vgg4j_relu_backward", count, 4, 4))
                  .set(3, count)
              : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    forward
        .set(0, CudaTensor.pointer(source, x, "ReLU x"))
        .set(1, CudaTensor.pointer(y, x, "ReLU y"))
        .launch();
  }

  @Override
  public void backward(Tensor y, Tensor dy, Tensor dx) {
    if (backward == null) {
      throw new IllegalStateException("this ReLU was planned for inference");
    }
    backward
        .set(0, CudaTensor.pointer(y, x, "ReLU y"))
        .set(1, CudaTensor.pointer(dy, x, "ReLU dy"))
        .set(2, CudaTensor.pointer(dx, x, "ReLU dx"))
        .launch();
  }

  @Override
  public void close() {
    closing.close();
  }
}
