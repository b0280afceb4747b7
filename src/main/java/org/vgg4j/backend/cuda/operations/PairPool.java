package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;

/**
 * Max pooling over 2x2 windows with stride 2 by custom kernels, with a scale, a shift and a ReLU
 * before it where asked. A byte for each window names the winner, so that the backward needs
 * neither input nor output.
 */
final class PairPool {
  private final CudaLayout winners; // (N, C, P, Q)
  private final KernelLaunch forward;
  private final KernelLaunch backward;

  /** Returns whether a pooling is over 2x2 windows with stride 2. */
  static boolean fits(MaxPool2dSpec spec) {
    return spec.kernel() == 2 && spec.stride() == 2;
  }

  /**
   * Creates the launches.
   *
   * @param relu whether a ReLU comes before the pooling; its gradient is then part of the backward
   */
  PairPool(Closing owned, CudaDevice device, CudaLayout x, boolean relu) {
    winners = winners(x);
    Kernels kernels = device.kernels();
    forward =
        sizes(
                owned.own(
                    PointwiseKernels.over(
                        kernels, "vgg4j_norm_apply_pool", winners.as(x.dtype()), 10)),
                x,
                5)
            .set(9, relu ? 1 : 0);
    backward = sizes(owned.own(PointwiseKernels.overWindows(kernels, "vgg4j_unpool", x, 7)), x, 3);
  }

  /** Returns the layout of the bytes that name the winners of images. */
  static CudaLayout winners(CudaLayout x) {
    Shape in = x.shape();
    Shape out = Shape.of(in.dim(0), in.dim(1), in.dim(2) / 2, in.dim(3) / 2);
    return CudaLayout.channelsLast(out, DType.U8);
  }

  private static KernelLaunch sizes(KernelLaunch kernel, CudaLayout x, int at) {
    return kernel
        .set(at, x.shape().dim(0))
        .set(at + 1, x.shape().dim(2))
        .set(at + 2, x.shape().dim(3))
        .set(at + 3, x.stored());
  }

  /** Returns the layout of the bytes that name the winners. */
  CudaLayout winners() {
    return winners;
  }

  /**
   * Computes y.
   *
   * @param scale of the channels, null for neither scale nor shift
   * @param winner null when no backward follows
   */
  void forward(Pointer x, Pointer scale, Pointer shift, Pointer y, Pointer winner) {
    forward.set(0, x).set(1, y).set(2, winner).set(3, scale).set(4, shift).launch();
  }

  /**
   * Adds the work of {@link #forward}.
   *
   * @param norm whether a scale and a shift come first
   * @param keeps whether a backward follows
   */
  void forwardWork(PlanWork work, CudaLayout x, boolean norm, boolean keeps) {
    work.pool(x, winners.as(x.dtype()), norm ? 2 : 0, keeps ? winners : null);
  }

  /** Adds the work of {@link #backward}. */
  void backwardWork(PlanWork work, CudaLayout x) {
    work.kernel("unpool", List.of(winners.as(x.dtype()), winners), x);
  }

  /** Computes dx, without a scale, from dy and the winners. */
  void backward(Pointer dy, Pointer winner, Pointer dx) {
    backward.set(0, dy).set(1, winner).set(2, dx).launch();
  }
}
