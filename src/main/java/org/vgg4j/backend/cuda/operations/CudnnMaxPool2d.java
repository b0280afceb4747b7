package org.vgg4j.backend.cuda.operations;

import org.bytedeco.cuda.cudnn.cudnnPoolingStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.vgg4j.backend.cuda.calls.TensorDescriptors;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/**
 * Max pooling by cuDNN's deterministic kernel. The backward finds the maxima again in x and y, so
 * nothing is saved; the saved layout of one byte only satisfies the interface.
 */
public final class CudnnMaxPool2d extends CudaPlan implements WindowPlan {
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout y; // (N, C, P, Q)
  private final CudaLayout saved; // null when planned for inference
  private final cudnnTensorStruct xDesc;
  private final cudnnTensorStruct yDesc;
  private final cudnnPoolingStruct pooling;
  private final String what;

  public CudnnMaxPool2d(
      Closing owned, CudaDevice device, MaxPool2dSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "max-pool", usage);
    this.x = x;
    y = CudaLayout.floats(spec.y(x.shape()));
    saved = usage.training() ? new CudaLayout(Shape.of(1), DType.U8) : null;
    what = "max-pool of x " + x.shape();
    xDesc = TensorDescriptors.images(context.cudnn(), owned, x.shape());
    yDesc = TensorDescriptors.images(context.cudnn(), owned, y.shape());
    pooling = context.cudnn().cudnnCreatePoolingDescriptor(owned);
    context.cudnn().cudnnSetPooling2dDescriptor(pooling, spec.kernel(), spec.stride());
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
    operand(savedTensor, saved, "saved"); // holds nothing, but checked: a wrong one is a bug
    context
        .cudnn()
        .cudnnPoolingForward(
            what, pooling, xDesc, operand(source, x, "x"), yDesc, operand(target, y, "y"));
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor savedTensor, Tensor dx) {
    requireTraining();
    operand(savedTensor, saved, "saved");
    context
        .cudnn()
        .cudnnPoolingBackward(
            what,
            pooling,
            yDesc,
            operand(target, y, "y"),
            operand(dy, y, "dy"),
            xDesc,
            operand(source, x, "x"),
            operand(dx, x, "dx"));
  }
}
