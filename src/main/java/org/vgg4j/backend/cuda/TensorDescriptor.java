package org.vgg4j.backend.cuda;

import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.vgg4j.tensor.Shape;

/** cuDNN's description of a tensor (N, C, H, W) of this engine. */
final class TensorDescriptor implements AutoCloseable {
  private final CudaDevice device;
  private final cudnnTensorStruct descriptor;

  private TensorDescriptor(CudaDevice device, int n, int c, int h, int w) {
    this.device = device;
    descriptor = device.cudnn().cudnnCreateTensorDescriptor();
    try {
      device.cudnn().cudnnSetTensor4dDescriptor(descriptor, n, c, h, w);
    } catch (RuntimeException | Error e) {
      try {
        close();
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  static TensorDescriptor image(CudaDevice device, Shape x) {
    return new TensorDescriptor(device, x.dim(0), x.dim(1), x.dim(2), x.dim(3));
  }

  /** A value a channel: (1, C, 1, 1). */
  static TensorDescriptor channels(CudaDevice device, int channels) {
    return new TensorDescriptor(device, 1, channels, 1, 1);
  }

  cudnnTensorStruct get() {
    return descriptor;
  }

  @Override
  public void close() {
    device.cudnn().cudnnDestroyTensorDescriptor(descriptor);
  }
}
