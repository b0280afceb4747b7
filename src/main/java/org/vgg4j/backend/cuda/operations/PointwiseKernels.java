package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.ChannelGrid;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Shape;

/** The elementwise custom kernels that several plans share, complete except for their pointers. */
final class PointwiseKernels {
  private PointwiseKernels() {}

  /** Returns a launch over all stored elements of a layout, 16 bytes a thread. */
  static KernelLaunch over(Kernels kernels, String name, CudaLayout layout, int arguments) {
    return kernels.strided(
        Kernels.typed(name, layout.dtype()),
        layout.storedElements(),
        ChannelGrid.VECTOR_BYTES / layout.dtype().bytes(),
        arguments);
  }

  /** Returns a launch over the 2x2 windows of images, incomplete ones too, 16 bytes a thread. */
  static KernelLaunch overWindows(Kernels kernels, String name, CudaLayout images, int arguments) {
    Shape x = images.shape();
    Shape windows = Shape.of(x.dim(0), x.dim(1), (x.dim(2) + 1) / 2, (x.dim(3) + 1) / 2);
    return over(kernels, name, CudaLayout.channelsLast(windows, images.dtype()), arguments);
  }

  /** Adds a bias to every position's channels, with a ReLU or without; argument 0 is y, 1 b. */
  static KernelLaunch bias(Kernels kernels, CudaLayout y, boolean relu) {
    return over(kernels, "vgg4j_bias", y, 5)
        .set(2, y.storedElements())
        .set(3, y.stored())
        .set(4, relu ? 1 : 0);
  }

  /** Argument 0 is x, 1 is y, 2 the scale and 3 the shift of every channel. */
  static KernelLaunch norm(Kernels kernels, CudaLayout x, boolean relu) {
    return over(kernels, "vgg4j_norm_apply", x, 7)
        .set(4, x.storedElements())
        .set(5, x.stored())
        .set(6, relu ? 1 : 0);
  }

  /** Argument 0 is x, 1 is y. */
  static KernelLaunch relu(Kernels kernels, CudaLayout x) {
    return over(kernels, "vgg4j_relu", x, 3).set(2, x.storedElements());
  }

  /** Argument 0 is y, 1 is dy, 2 is dx. */
  static KernelLaunch reluBackward(Kernels kernels, CudaLayout x) {
    return over(kernels, "vgg4j_relu_backward", x, 4).set(3, x.storedElements());
  }
}
