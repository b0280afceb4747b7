package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Shape;

/** The elementwise custom kernels that several plans share, complete except for their pointers. */
final class PointwiseKernels {
  private PointwiseKernels() {}

  /** Adds a bias to y (N, K, ...), with a ReLU or without; argument 0 is y, 1 the bias (K). */
  static KernelLaunch bias(Kernels kernels, Shape y, boolean relu) {
    long count = y.elementCount();
    int channels = y.dim(1);
    int inner = Math.toIntExact(count / y.dim(0) / channels);
    return kernels
        .strided("vgg4j_bias", count, 1, 6)
        .set(2, count)
        .set(3, channels)
        .set(4, inner)
        .set(5, relu ? 1 : 0);
  }

  /** Argument 0 is x, 1 is y. */
  static KernelLaunch relu(Kernels kernels, Shape x) {
    return kernels.strided("vgg4j_relu", x.elementCount(), 4, 3).set(2, x.elementCount());
  }

  /** Argument 0 is y, 1 is dy, 2 is dx. */
  static KernelLaunch reluBackward(Kernels kernels, Shape x) {
    return kernels.strided("vgg4j_relu_backward", x.elementCount(), 4, 4).set(3, x.elementCount());
  }
}
