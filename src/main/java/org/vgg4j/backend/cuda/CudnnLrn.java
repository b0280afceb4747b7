package org.vgg4j.backend.cuda;

import org.bytedeco.cuda.cudnn.cudnnLRNStruct;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnPlan;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Local response normalization across channels by cuDNN, which divides alpha by the size too. */
final class CudnnLrn implements LrnPlan {
  private final CudaDevice device;
  private final CudaLayout x; // (N, C, H, W)
  private final boolean training;
  private final Closing closing = new Closing();
  private final TensorDescriptor desc;
  private final cudnnLRNStruct lrn;
  private final String what;

  CudnnLrn(CudaDevice device, LrnSpec spec, CudaLayout x, Usage usage) {
    this.device = device;
    this.x = x;
    training = usage.training();
    what = "local response norm of x " + x.shape();
    if (spec.size() > cudnn.CUDNN_LRN_MAX_N
        || spec.k() < cudnn.CUDNN_LRN_MIN_K
        || spec.beta() < cudnn.CUDNN_LRN_MIN_BETA) {
      throw new InvalidInputException(
          "cuDNN's local response norm takes at most 16 channels, a k of at least 1e-5 and a beta"
              + " of at least 0.01, not "
              + spec
              + "; the CPU engine takes it");
    }
    try {
      desc = closing.own(TensorDescriptor.image(device, x.shape()));
      lrn = device.norm().cudnnCreateLRNDescriptor();
      closing.own(() -> device.norm().cudnnDestroyLRNDescriptor(lrn));
      device.norm().cudnnSetLRNDescriptor(lrn, spec.size(), spec.alpha(), spec.beta(), spec.k());
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
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
    device
        .norm()
        .cudnnLRNCrossChannelForward(
            what,
            device.cudnnHandle(),
            lrn,
            desc.get(),
            CudaTensor.pointer(source, x, "local response norm x"),
            CudaTensor.pointer(y, x, "local response norm y"));
  }

  @Override
  public void backward(Tensor source, Tensor y, Tensor dy, Tensor savedTensor, Tensor dx) {
    if (!training) {
      throw new IllegalStateException("this local response norm was planned for inference");
    }
    device
        .norm()
        .cudnnLRNCrossChannelBackward(
            what,
            device.cudnnHandle(),
            lrn,
            desc.get(),
            CudaTensor.pointer(y, x, "local response norm y"),
            CudaTensor.pointer(dy, x, "local response norm dy"),
            CudaTensor.pointer(source, x, "local response norm x"),
            CudaTensor.pointer(dx, x, "local response norm dx"));
  }

  @Override
  public void close() {
    closing.close();
  }
}
