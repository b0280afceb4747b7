package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.ChannelGrid;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Shape;

/**
 * The backward of a batch norm and its ReLU by custom kernels, and of a 2x2 max-pool behind them:
 * two sums a channel in a fixed order, then dx. The ReLU's mask is computed again from x.
 */
final class ChannelNormBackward {
  private final KernelLaunch sums;
  private final KernelLaunch finish; // null over several ranks
  private final KernelLaunch apply;
  private final NormOverRanks ranks; // null where statistics are those of this rank
  private final boolean pool;
  private final int parts;
  private final long partialBytes;
  private final WorkspaceRegions.Region partial;
  private final WorkspaceRegions.Region meanGradient; // m1 (C)
  private final WorkspaceRegions.Region slopeGradient; // m2 (C)

  /**
   * Creates the launches.
   *
   * @param ranks of the forward: {@link ChannelNorm#ranks}
   * @param pool whether dy is the gradient of a 2x2 max-pool's output behind norm and ReLU
   */
  ChannelNormBackward(
      Closing owned,
      CudaDevice device,
      BatchNorm2dSpec spec,
      CudaLayout x,
      NormOverRanks ranks,
      boolean pool,
      WorkspaceRegions regions) {
    this.ranks = ranks;
    this.pool = pool;
    Kernels kernels = device.kernels();
    int channels = spec.channels();
    Shape s = x.shape();
    long rows = pool ? (long) s.dim(0) * (s.dim(2) / 2) * (s.dim(3) / 2) : x.positions();
    ChannelGrid grid = kernels.channelGrid(rows, channels, x.dtype());
    parts = grid.parts();
    partialBytes = grid.partialBytes(2, channels);
    partial = regions.region(partialBytes);
    meanGradient = regions.region((long) channels * Float.BYTES);
    slopeGradient = regions.region((long) channels * Float.BYTES);
    String name = pool ? "vgg4j_norm_backward_pool_sums" : "vgg4j_norm_backward_sums";
    sums = owned.own(kernels.sums(Kernels.typed(name, x.dtype()), grid, 11));
    apply =
        owned.own(
            pool
                ? PointwiseKernels.overWindows(kernels, "vgg4j_norm_backward_pool", x, 12)
                : PointwiseKernels.over(kernels, "vgg4j_norm_backward", x, 11));
    if (pool) {
      images(sums, s, 6).set(9, channels).set(10, parts);
      images(apply, s, 8).set(11, channels);
    } else {
      int relu = spec.relu() ? 1 : 0;
      sums.set(6, relu).set(8, rows).set(9, channels).set(10, parts);
      apply.set(8, relu).set(9, x.storedElements()).set(10, channels);
    }
    finish =
        ranks != null
            ? null
            : owned
                .own(kernels.finish("vgg4j_norm_backward_finish", channels, 13))
                .set(2, parts)
                .set(3, x.positions())
                .set(4, channels)
                .set(7, spec.frozen() ? 1 : 0);
  }

  private static KernelLaunch images(KernelLaunch kernel, Shape x, int at) {
    return kernel.set(at, x.dim(0)).set(at + 1, x.dim(2)).set(at + 2, x.dim(3));
  }

  /**
   * Adds the work of {@link #run}.
   *
   * @param summed whether somebody else takes the sums
   */
  void work(PlanWork work, CudaLayout x, boolean bias, boolean summed) {
    int channels = x.stored();
    long image = x.asValues().bytes();
    if (pool) {
      CudaLayout winners = PairPool.winners(x);
      CudaLayout y = winners.as(x.dtype());
      long slopes = y.bytes() + winners.bytes();
      work.kernel(
          "norm backward pool sums",
          slopes + PlanWork.windows(x, y) + PlanWork.floats(2, channels),
          partialBytes);
      finishWork(work, channels, partialBytes, bias);
      work.kernel("norm backward pool", slopes + image + PlanWork.floats(4, channels), image);
    } else {
      if (!summed) {
        work.backwardSums("norm backward sums", x.asValues(), partialBytes);
      }
      finishWork(work, channels, summed ? PlanWork.totals(channels) : partialBytes, bias);
      work.kernel("norm backward", 2 * image + PlanWork.floats(5, channels), image);
    }
  }

  private void finishWork(PlanWork work, int channels, long sumsBytes, boolean bias) {
    if (ranks == null) {
      work.backwardFinish(channels, sumsBytes, bias);
    } else {
      ranks.backwardWork(work, sumsBytes, bias);
    }
  }

  /**
   * Computes all gradients.
   *
   * @param winner the max-pool's winners, null without one
   * @param totals both sums (2, C), doubles, where somebody else took them, else null
   * @param db the gradient of a bias before the norm, null without one
   */
  void run(
      Pointer dy,
      Pointer winner,
      Pointer x,
      Pointer totals,
      NormOperands o,
      Pointer dx,
      Pointer dgamma,
      Pointer dbeta,
      Pointer db) {
    if (totals == null) {
      sum(dy, winner, x, o);
    }
    Pointer m1 = meanGradient.pointer();
    Pointer m2 = slopeGradient.pointer();
    if (ranks == null) {
      finish.set(0, partial.pointer()).set(1, totals).set(5, o.invStd).set(6, o.scale);
      finish.set(8, dgamma).set(9, dbeta).set(10, db).set(11, m1).set(12, m2).launch();
    } else {
      ranks.backward(partial.pointer(), parts, totals, o, dgamma, dbeta, db, m1, m2);
    }
    if (pool) {
      apply.set(0, dy).set(1, winner).set(2, x).set(3, dx);
      apply.set(4, o.mean).set(5, o.scale).set(6, m1).set(7, m2).launch();
    } else {
      apply.set(0, dy).set(1, x).set(2, dx).set(3, o.mean).set(4, o.scale).set(5, o.shift);
      apply.set(6, m1).set(7, m2).launch();
    }
  }

  private void sum(Pointer dy, Pointer winner, Pointer x, NormOperands o) {
    if (pool) {
      sums.set(0, dy).set(1, winner).set(2, x).set(3, o.mean).set(4, o.invStd);
      sums.set(5, partial.pointer()).launch();
    } else {
      sums.set(0, dy).set(1, x).set(2, o.mean).set(3, o.invStd).set(4, o.scale).set(5, o.shift);
      sums.set(7, partial.pointer()).launch();
    }
  }
}
