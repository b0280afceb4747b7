package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Shape;

/** Creates cuDNN descriptors of this engine's tensors; an owner closes them. */
public final class TensorDescriptors {
  private TensorDescriptors() {}

  /** Describes images (N, C, H, W). */
  public static cudnnTensorStruct images(CudnnCalls cudnn, Closing owner, Shape x) {
    return of(cudnn, owner, x.dim(0), x.dim(1), x.dim(2), x.dim(3));
  }

  /** Describes one value per channel: (1, C, 1, 1). */
  public static cudnnTensorStruct channels(CudnnCalls cudnn, Closing owner, int channels) {
    return of(cudnn, owner, 1, channels, 1, 1);
  }

  private static cudnnTensorStruct of(CudnnCalls cudnn, Closing owner, int n, int c, int h, int w) {
    cudnnTensorStruct descriptor = cudnn.cudnnCreateTensorDescriptor(owner);
    cudnn.cudnnSetTensor4dDescriptor(descriptor, n, c, h, w);
    return descriptor;
  }
}
