package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.vgg4j.tensor.Shape;

/** cuDNN's description of a tensor (N, C, H, W) of this engine. */
public final class TensorDescriptor implements AutoCloseable {
  private final CudaContext context;
  private final cudnnTensorStruct descriptor;

  private TensorDescriptor(CudaContext context, int n, int c, int h, int w) {
    this.context = context;
    descriptor = context.cudnn().cudnnCreateTensorDescriptor();
    try {
      context.cudnn().cudnnSetTensor4dDescriptor(descriptor, n, c, h, w);
    } catch (RuntimeException | Error e) {
      try {
        close();
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  public static TensorDescriptor image(CudaContext context, Shape x) {
    return new TensorDescriptor(context, x.dim(0), x.dim(1), x.dim(2), x.dim(3));
  }

  /** A value a channel: (1, C, 1, 1). */
  public static TensorDescriptor channels(CudaContext context, int channels) {
    return new TensorDescriptor(context, 1, channels, 1, 1);
  }

  public cudnnTensorStruct get() {
    return descriptor;
  }

  @Override
  public void close() {
    context.cudnn().cudnnDestroyTensorDescriptor(descriptor);
  }
}
