package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;

/**
 * The forward of a net's first block by custom kernels. Mean and variance of the convolution's
 * output follow from sums over the patches of the images; then one kernel convolves, scales,
 * shifts, takes the ReLU and pools.
 */
final class FirstForward {
  private final FirstShape shape;
  private final boolean pool;
  private final boolean hasMask;
  private final KernelLaunch moments; // null unless statistics are measured, like the next two
  private final KernelLaunch totals;
  private final KernelLaunch statistics;
  private final KernelLaunch frozen; // null without a norm
  private final KernelLaunch apply;
  private final WorkspaceRegions.Region partial;
  private final long partialBytes;

  /**
   * Creates the launches.
   *
   * @param norm null without one
   * @param pool whether a 2x2 max-pool follows
   */
  FirstForward(
      Closing owned,
      CudaDevice device,
      FirstShape shape,
      BatchNorm2dSpec norm,
      boolean pool,
      boolean training,
      WorkspaceRegions regions) {
    this.shape = shape;
    this.pool = pool;
    Kernels kernels = device.kernels();
    if (norm != null && training && !norm.frozen()) {
      int parts = kernels.momentParts(shape.pairedStrips());
      partialBytes = (long) parts * shape.moments() * Float.BYTES;
      moments = sizes(owned.own(kernels.moments(shape.kernel("moments"), parts, 5)), shape, 2);
      totals =
          owned
              .own(kernels.finish("vgg4j_first_totals", shape.moments(), 4))
              .set(1, parts)
              .set(2, shape.moments());
      String name = Kernels.typed("vgg4j_first_statistics", shape.x().dtype());
      statistics =
          owned
              .own(kernels.filters(name, shape.channels(), 16))
              .set(3, shape.z().positions())
              .set(4, shape.computedChannels())
              .set(14, (float) norm.epsilon())
              .set(15, (float) norm.exponentialAverageFactor());
    } else {
      partialBytes = 0;
      moments = null;
      totals = null;
      statistics = null;
    }
    partial = regions.region(partialBytes);
    frozen =
        norm == null
            ? null
            : owned
                .own(kernels.strided("vgg4j_norm_frozen", shape.channels(), 1, 11))
                .set(9, (float) norm.epsilon())
                .set(10, shape.channels());
    hasMask = pool || shape.isTiled();
    int before = hasMask ? 6 : 5;
    apply =
        sizes(
                owned.own(
                    kernels.strips(
                        shape.forwardKernel(pool), shape.forwardGrid(kernels, pool), before + 4)),
                shape,
                before)
            .set(before + 3, shape.channels());
  }

  static KernelLaunch sizes(KernelLaunch kernel, FirstShape shape, int at) {
    return kernel.set(at, shape.images()).set(at + 1, shape.height()).set(at + 2, shape.width());
  }

  /**
   * Adds the work of a forward, in training or not.
   *
   * @param mask as in {@link #apply}
   */
  void work(PlanWork work, CudaLayout w, CudaLayout y, CudaLayout mask) {
    int channels = shape.channels();
    if (moments != null) {
      long totalBytes = shape.momentLayout().bytes();
      work.matmul("first moments", shape.x().bytes(), partialBytes, shape.momentMultiplyAdds());
      work.kernel("first totals", partialBytes, totalBytes);
      // gamma, beta, running mean and variance; the latter again, mean, invStd, scale, shift
      work.kernel(
          "first statistics",
          totalBytes + w.bytes() + PlanWork.floats(4, channels),
          PlanWork.floats(6, channels));
    } else if (frozen != null) {
      work.frozen(channels);
    }
    work.matmul(
        pool ? "first forward pool" : "first forward",
        shape.x().bytes() + w.bytes() + PlanWork.floats(2, channels),
        y.bytes() + (mask == null ? 0 : mask.bytes()),
        shape.multiplyAdds());
  }

  /** Computes mean, invStd, scale and shift from x, and moves the running statistics. */
  void measure(Pointer x, Pointer w, Pointer sums, NormOperands o) {
    moments.set(0, x).set(1, partial.pointer()).launch();
    totals.set(0, partial.pointer()).set(3, sums).launch();
    statistics.set(0, x).set(1, w).set(2, sums);
    ChannelNorm.parameters(statistics, o, 5).launch();
  }

  /** Computes mean, invStd, scale and shift from the running statistics. */
  void freeze(NormOperands o) {
    ChannelNorm.parameters(frozen, o, 0).launch();
  }

  /**
   * Computes y.
   *
   * @param scale null without a norm
   * @param shift of the norm, or the bias; may be null
   * @param mask where to leave the max-pool's winners, or {@link FirstShape#bits} of tiles; null
   *     without both, and where no backward follows
   */
  void apply(Pointer x, Pointer w, Pointer scale, Pointer shift, Pointer y, Pointer mask) {
    apply.set(0, x).set(1, w).set(2, scale).set(3, shift).set(4, y);
    if (hasMask) {
      apply.set(5, mask);
    }
    apply.launch();
  }
}
