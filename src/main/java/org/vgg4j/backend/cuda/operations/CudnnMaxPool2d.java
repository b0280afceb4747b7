package org.vgg4j.backend.cuda.operations;

import org.bytedeco.cuda.cudnn.cudnnPoolingStruct;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.TensorDescriptor;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dPlan;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Max pooling by cuDNN's deterministic kernel. The backward finds the maxima again in x and y, so
 * nothing is saved; a plan for training has to name a layout, hence one byte.
 */
public final class CudnnMaxPool2d implements MaxPool2dPlan {
  private final CudaContext context;
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout y; // (N, C, P, Q)
  private final CudaLayout saved; // null when planned for inference
  private final Closing closing = new Closing();
  private final TensorDescriptor xDesc;
  private final TensorDescriptor yDesc;
  private final cudnnPoolingStruct pooling;
  private final String what;

  public CudnnMaxPool2d(CudaDevice device, MaxPool2dSpec spec, CudaLayout x, Usage usage) {
    context = device.context();
    this.x = x;
    y = CudaLayout.floats(spec.y(x.shape()));
    saved = usage.training() ? new CudaLayout(Shape.of(1), DType.U8) : null;
    what = "max-pool of x " + x.shape();
    try {
      xDesc = closing.own(TensorDescriptor.image(context, x.shape()));
      yDesc = closing.own(TensorDescriptor.image(context, y.shape()));
      pooling = context.cudnn().cudnnCreatePoolingDescriptor();
      closing.own(() -> context.cudnn().cudnnDestroyPoolingDescriptor(pooling));
      context.cudnn().cudnnSetPooling2dDescriptor(pooling, spec.kernel(), spec.stride());
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  @Override
  public Layout y() {
    return y;
  }

  @Override
  public Layout saved() {
    return saved;
  }

  @Override
  public void forward(Tensor source, Tensor target, Tensor savedTensor) {
    context
        .cudnn()
        .cudnnPoolingForward(
            what,
            context.cudnnHandle(),
            pooling,
            xDesc.get(),
            CudaTensor.pointer(source, x, "max-pool x"),
            yDesc.get(),
            CudaTensor.pointer(target, y, "max-pool y"));
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor savedTensor, Tensor dx) {
    if (saved == null) {
      throw new IllegalStateException("this max-pool was planned for inference");
    }
    context
        .cudnn()
        .cudnnPoolingBackward(
            what,
            context.cudnnHandle(),
            pooling,
            yDesc.get(),
            CudaTensor.pointer(target, y, "max-pool y"),
            CudaTensor.pointer(dy, y, "max-pool dy"),
            xDesc.get(),
            CudaTensor.pointer(source, x, "max-pool x"),
            CudaTensor.pointer(dx, x, "max-pool dx"));
  }

  @Override
  public void close() {
    closing.close();
  }
}
