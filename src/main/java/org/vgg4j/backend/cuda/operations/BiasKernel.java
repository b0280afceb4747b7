package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.tensor.Shape;

/** The kernel that adds a bias to an image or to features, with a ReLU or without. */
final class BiasKernel {
  private static final int ARGUMENTS = 6;

  private BiasKernel() {}

  /** Returns the launch for y (N, K, ...); argument 0 is y, 1 the bias (K). */
  static KernelLaunch of(CudaDevice device, Shape y, boolean relu) {
    long count = y.elementCount();
    int channels = y.dim(1);
    int inner = Math.toIntExact(count / y.dim(0) / channels);
    return device
        .kernels()
        .strided("vgg4j_bias", count, 1, ARGUMENTS)
        .set(2, count)
        .set(3, channels)
        .set(4, inner)
        .set(5, relu ? 1 : 0);
  }
}
