package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.BatchSums;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;

/**
 * What a batch norm over several ranks does in place of one over a rank's own rows, between its
 * sums and what is computed from them. The sums over the ranks are enqueued between the kernels, so
 * the host waits for nothing, and a step that is recorded has them in it.
 *
 * <p>The memory of the exchange is the plan's own: what was exchanged in a forward counts in the
 * backward, and in a second forward, when all other memory may have been used for something else.
 */
final class NormOverRanks implements AutoCloseable {
  private final CudaDevice device;
  private final BatchSums sums;
  private final int channels;
  private final long momentCount; // the doubles of all ranks: count, means, squared deviations
  private final long slopesFrom; // where the doubles of the backward begin: two of each channel
  private final KernelLaunch moments;
  private final KernelLaunch finish;
  private final KernelLaunch gradients;
  private final KernelLaunch means;
  private CudaArena arena; // null before the first use, like the two places in it
  private Pointer momentPlace;
  private Pointer slopePlace;

  /** Plans it where a norm's statistics are measured over ranks, else returns null. */
  static NormOverRanks orNull(
      Closing owned, CudaDevice device, BatchNorm2dSpec spec, CudaLayout x, boolean training) {
    return training && spec.isShared()
        ? owned.own(new NormOverRanks(owned, device, spec, x))
        : null;
  }

  private NormOverRanks(Closing owned, CudaDevice device, BatchNorm2dSpec spec, CudaLayout x) {
    this.device = device;
    sums = spec.sums();
    channels = spec.channels();
    momentCount = (1 + 2L * channels) * sums.parts();
    slopesFrom = Arena.align(momentCount * Double.BYTES) / Double.BYTES;
    Kernels kernels = device.kernels();
    moments =
        owned
            .own(kernels.finish(Kernels.typed("vgg4j_norm_ranks_moments", x.dtype()), channels, 9))
            .set(3, x.positions())
            .set(4, channels)
            .set(5, sums.part())
            .set(6, sums.parts());
    finish =
        owned
            .own(kernels.strided("vgg4j_norm_ranks_finish", channels, 1, 14))
            .set(1, sums.parts())
            .set(2, channels)
            .set(12, (float) spec.epsilon())
            .set(13, (float) spec.exponentialAverageFactor());
    gradients =
        owned.own(kernels.finish("vgg4j_norm_ranks_gradients", channels, 9)).set(3, channels);
    means =
        owned
            .own(kernels.strided("vgg4j_norm_ranks_means", channels, 1, 8))
            .set(2, sums.parts())
            .set(3, channels);
  }

  /** Adds the work between the sums of a forward and its normalisation. */
  void forwardWork(PlanWork work, long sumsBytes) {
    work.rankMoments(channels, sumsBytes, momentCount * Double.BYTES);
  }

  /** Adds the work between the sums of a backward and dx. */
  void backwardWork(PlanWork work, long sumsBytes, boolean bias) {
    work.rankGradients(channels, sumsBytes, (long) sums.parts() * Double.BYTES, bias);
  }

  private void take() {
    if (arena == null) {
      long bytes = (slopesFrom + 2L * channels) * Double.BYTES;
      arena = CudaArena.zeroed(device.memory(), bytes, MemoryOwner.SCRATCH);
      momentPlace = arena.memory().at(0);
      slopePlace = arena.memory().at(slopesFrom * Double.BYTES);
    }
  }

  private int isEmpty() {
    return sums.isEmpty() ? 1 : 0;
  }

  /** Exchanges the statistics; the arguments are those of {@code vgg4j_norm_finish}. */
  void exchange(Pointer partial, Pointer shiftRow, int parts) {
    take();
    moments.set(0, partial).set(1, shiftRow).set(2, parts).set(7, isEmpty());
    moments.set(8, momentPlace).launch();
    sums.sum(arena, DType.F64, 0, momentCount);
  }

  /**
   * Computes mean, invStd, scale and shift from what was exchanged last, and moves the running
   * statistics.
   */
  void finish(NormOperands o) {
    take();
    finish.set(0, momentPlace);
    ChannelNorm.parameters(finish, o, 3).launch();
  }

  /**
   * Computes this rank's part of the parameters' gradients, and what all ranks' rows take off dx.
   *
   * @param partial the rank's sums in parts; not read with totals
   * @param totals the same over all parts, or null
   * @param db null without a bias
   * @param m1 as of {@code vgg4j_norm_backward}, like m2
   */
  void backward(
      Pointer partial,
      int parts,
      Pointer totals,
      NormOperands o,
      Pointer dgamma,
      Pointer dbeta,
      Pointer db,
      Pointer m1,
      Pointer m2) {
    take();
    gradients.set(0, partial).set(1, totals).set(2, parts).set(4, isEmpty());
    gradients.set(5, dgamma).set(6, dbeta).set(7, db).set(8, slopePlace).launch();
    sums.sum(arena, DType.F64, slopesFrom, 2L * channels);
    means.set(0, slopePlace).set(1, momentPlace).set(4, isEmpty()).set(5, o.invStd);
    means.set(6, m1).set(7, m2).launch();
  }

  @Override
  public void close() {
    if (arena != null) {
      arena.close();
    }
  }
}
