package org.vgg4j.backend.cuda.operations;

import org.bytedeco.cuda.cudnn.cudnnLRNStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.backend.cuda.calls.TensorDescriptors;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/** Local response normalization across channels by cuDNN, which divides alpha by the size too. */
public final class CudnnLrn extends CudaPlan implements WindowPlan {
  private final CudaLayout x; // (N, C, H, W)
  private final cudnnTensorStruct desc;
  private final cudnnLRNStruct lrn;
  private final String what;

  public CudnnLrn(Closing owned, CudaDevice device, LrnSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "local response norm", usage);
    this.x = x;
    what = "local response norm of x " + x.shape();
    if (spec.size() > cudnn.CUDNN_LRN_MAX_N
        || spec.k() < cudnn.CUDNN_LRN_MIN_K
        || spec.beta() < cudnn.CUDNN_LRN_MIN_BETA) {
      throw new InvalidInputException(
          "cuDNN's local response norm needs at most 16 channels, k of at least 1e-5 and beta"
              + " of at least 0.01, not "
              + spec
              + "; use --device cpu");
    }
    desc = TensorDescriptors.images(context.cudnn(), owned, x.shape());
    lrn = context.norm().cudnnCreateLRNDescriptor(owned);
    context.norm().cudnnSetLRNDescriptor(lrn, spec.size(), spec.alpha(), spec.beta(), spec.k());
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
  public void forward(Tensor source, Tensor y, Tensor savedTensor) {
    operand(savedTensor, null, "saved");
    context
        .norm()
        .cudnnLRNCrossChannelForward(what, lrn, desc, operand(source, x, "x"), operand(y, x, "y"));
  }

  @Override
  public void backward(Tensor source, Tensor y, Tensor dy, Tensor savedTensor, Tensor dx) {
    requireTraining();
    operand(savedTensor, null, "saved");
    context
        .norm()
        .cudnnLRNCrossChannelBackward(
            what,
            lrn,
            desc,
            operand(y, x, "y"),
            operand(dy, x, "dy"),
            operand(source, x, "x"),
            operand(dx, x, "dx"));
  }
}
