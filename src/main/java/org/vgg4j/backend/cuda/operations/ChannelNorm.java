package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.ChannelGrid;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;

/**
 * The forward of a batch norm by custom kernels: statistics from two passes of sums in a fixed
 * order, of all ranks where they share a batch, then scale x + shift, and a ReLU.
 */
final class ChannelNorm {
  private final ChannelGrid grid;
  private final int channels;
  private final KernelLaunch statistics; // null when planned for inference or frozen
  private final KernelLaunch finish; // likewise, and over several ranks
  private final NormOverRanks ranks; // null unless statistics are measured over several
  private final KernelLaunch frozen;
  private final KernelLaunch apply;

  ChannelNorm(
      Closing owned, CudaDevice device, BatchNorm2dSpec spec, CudaLayout x, boolean training) {
    Kernels kernels = device.kernels();
    channels = spec.channels();
    grid = kernels.channelGrid(x.positions(), channels, x.dtype());
    boolean measures = training && !spec.frozen();
    statistics =
        measures
            ? owned
                .own(kernels.sums(Kernels.typed("vgg4j_norm_statistics", x.dtype()), grid, 5))
                .set(2, x.positions())
                .set(3, channels)
                .set(4, grid.parts())
            : null;
    ranks = NormOverRanks.orNull(owned, device, spec, x, training);
    finish =
        measures && ranks == null
            ? owned
                .own(kernels.finish(Kernels.typed("vgg4j_norm_finish", x.dtype()), channels, 16))
                .set(3, x.positions())
                .set(4, channels)
                .set(14, (float) spec.epsilon())
                .set(15, (float) spec.exponentialAverageFactor())
            : null;
    frozen =
        owned
            .own(kernels.strided("vgg4j_norm_frozen", channels, 1, 11))
            .set(9, (float) spec.epsilon())
            .set(10, channels);
    apply = owned.own(PointwiseKernels.norm(kernels, x, spec.relu()));
  }

  /** Returns the bytes of scratch memory that {@link #measure} needs. */
  long partialBytes() {
    return grid.partialBytes(2, channels);
  }

  /**
   * Adds the work of all but {@link #apply}.
   *
   * @param measures whether statistics are measured, else they are the running ones
   * @param summed whether somebody else takes the sums
   */
  void work(PlanWork work, CudaLayout x, boolean measures, boolean summed) {
    if (!measures) {
      work.frozen(channels);
      return;
    }
    if (!summed) {
      work.statistics(x, partialBytes());
    }
    long sumsBytes = summed ? PlanWork.floats(2, channels) : partialBytes();
    if (ranks == null) {
      work.statisticsFinish(channels, sumsBytes);
    } else {
      ranks.forwardWork(work, sumsBytes);
    }
  }

  /** Computes mean, invStd, scale and shift from x, and moves the running statistics. */
  void measure(Pointer x, NormOperands o, Pointer partial) {
    sum(x, partial);
    finish(partial, x, grid.parts(), o);
  }

  /** Takes the first of the two passes of {@link #measure}. */
  void sum(Pointer x, Pointer partial) {
    statistics.set(0, x).set(1, partial).launch();
  }

  /** Does the same from sums of x and of its squares, (2, C) floats, that somebody else took. */
  void finish(Pointer sums, NormOperands o) {
    finish(sums, null, 1, o);
  }

  private void finish(Pointer partial, Pointer shiftRow, int parts, NormOperands o) {
    if (ranks == null) {
      finish.set(0, partial).set(1, shiftRow).set(2, parts);
      parameters(finish, o, 5).launch();
    } else {
      ranks.exchange(partial, shiftRow, parts);
      ranks.finish(o);
    }
  }

  /** Returns what brings this norm's sums to several ranks; null where they are its own. */
  NormOverRanks ranks() {
    return ranks;
  }

  /** Computes mean, invStd, scale and shift from the running statistics. */
  void freeze(NormOperands o) {
    parameters(frozen, o, 0).launch();
  }

  /** Sets the nine vectors of a kernel that computes scale and shift. */
  static KernelLaunch parameters(KernelLaunch kernel, NormOperands o, int at) {
    return kernel
        .set(at, o.gamma)
        .set(at + 1, o.beta)
        .set(at + 2, o.bias)
        .set(at + 3, o.runningMean)
        .set(at + 4, o.runningVar)
        .set(at + 5, o.mean)
        .set(at + 6, o.invStd)
        .set(at + 7, o.scale)
        .set(at + 8, o.shift);
  }

  /** Computes y, which may be x. */
  void apply(Pointer x, Pointer y, NormOperands o) {
    apply.set(0, x).set(1, y).set(2, o.scale).set(3, o.shift).launch();
  }
}
