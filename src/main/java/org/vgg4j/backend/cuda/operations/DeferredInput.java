package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.ChannelGrid;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;

/**
 * A convolution's input whose batch norm and ReLU were left to the convolution. In the backward the
 * values are computed again; once their gradient is there, one pass gives the values and the sums
 * that the norm's own backward begins with, and leaves these behind the input.
 */
final class DeferredInput {
  private final CudaLayout layout;
  private final LeftSums left;
  private final KernelLaunch apply;
  private final KernelLaunch applyAndSum;
  private final KernelLaunch total;
  private final long partialBytes;
  private final WorkspaceRegions.Region values;
  private final SavedStatistics statistics;
  private final NormOperands operands = new NormOperands();
  private CudaTensor bound;

  DeferredInput(Closing owned, CudaDevice device, CudaLayout x, WorkspaceRegions regions) {
    layout = x;
    left = device.leftSums();
    values = regions.region(x.asValues().bytes());
    statistics = new SavedStatistics(x);
    Kernels kernels = device.kernels();
    int channels = x.stored();
    // As the norm's own backward has it, for the same bits.
    ChannelGrid grid = kernels.channelGrid(x.positions(), channels, x.dtype());
    partialBytes = grid.partialBytes(2, channels);
    apply = owned.own(PointwiseKernels.norm(kernels, x, true));
    applyAndSum =
        owned
            .own(kernels.sums(Kernels.typed("vgg4j_norm_apply_sums", x.dtype()), grid, 11))
            .set(8, x.positions())
            .set(9, channels)
            .set(10, grid.parts());
    total =
        owned
            .own(kernels.finish("vgg4j_norm_backward_totals", channels, 4))
            .set(1, grid.parts())
            .set(2, channels);
  }

  /** Returns the bytes of scratch memory that {@link #valuesAndSums} needs. */
  long partialBytes() {
    return partialBytes;
  }

  /** Adds the work of {@link #values}. */
  void work(PlanWork all) {
    all.apply("norm again", layout.asValues());
  }

  /** Adds the work of {@link #valuesAndSums}. */
  void sumsWork(PlanWork all) {
    all.applyAndSum(layout.asValues(), partialBytes);
  }

  /**
   * Adds the sums that the norm takes in a pass of its own, which its block's work leaves to the
   * convolution's, since only that knows whether it takes them.
   */
  void missedSumsWork(PlanWork all) {
    all.backwardSums("norm backward sums before", layout.asValues(), partialBytes);
  }

  /** Takes the tensor of the next call; only a new tensor creates new pointers. */
  void bind(CudaTensor x) {
    statistics.bind(x);
    statistics.into(operands);
    bound = x;
  }

  Pointer scale() {
    return operands.scale;
  }

  Pointer shift() {
    return operands.shift;
  }

  /** Computes the values of the bound tensor in the workspace and returns their address. */
  Pointer values() {
    Pointer target = values.pointer();
    apply.set(0, bound.pointer()).set(1, target).set(2, scale()).set(3, shift()).launch();
    return target;
  }

  /**
   * Does the same, and leaves the sums of the norm's backward behind the bound tensor.
   *
   * @param dy the gradient of the values
   * @param partial scratch memory
   */
  Pointer valuesAndSums(Pointer dy, Pointer partial) {
    Pointer target = values.pointer();
    applyAndSum.set(0, dy).set(1, bound.pointer()).set(2, target);
    applyAndSum.set(3, operands.mean).set(4, operands.invStd).set(5, scale()).set(6, shift());
    applyAndSum.set(7, partial).launch();
    total.set(0, partial).set(3, statistics.sums()).launch();
    return target;
  }

  /** Says that nothing was or will be enqueued before the norm's backward that changes the sums. */
  void leaveSums(Pointer dy) {
    left.leave(bound, dy);
  }
}
