package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Shape;

/**
 * What a batch norm's training forward saves for its backward, side by side, C floats each: scale
 * and shift, by which the norm is scale x + shift, the mean, and 1 / sqrt(variance + epsilon). It
 * has a tensor of its own, or lies behind the elements of a deferred one.
 */
final class SavedStatistics {
  private static final int PARTS = 4;

  private final long partBytes;
  private final CudaLayout layout;
  private CudaTensor bound; // the pointers below lie in it
  private Pointer scale;
  private Pointer shift;
  private Pointer mean;
  private Pointer invStd;
  private Pointer sums; // null in a tensor of its own

  /** Plans a tensor for them alone. */
  SavedStatistics(int channels) {
    partBytes = partBytes(channels);
    layout = CudaLayout.floats(Shape.of(Math.toIntExact(PARTS * partBytes / Float.BYTES)));
  }

  /** Finds them behind deferred values. */
  SavedStatistics(CudaLayout deferred) {
    partBytes = partBytes(deferred.stored());
    layout = deferred;
  }

  private static long partBytes(int channels) {
    return Arena.align((long) channels * Float.BYTES);
  }

  CudaLayout layout() {
    return layout;
  }

  /** Takes the tensor of the next call; only a new tensor creates new pointers. */
  void bind(CudaTensor tensor) {
    tensor.pointer(); // throws if its memory is closed
    if (tensor != bound) {
      long first = layout.deferred() ? layout.scaleOffset() : 0;
      scale = tensor.at(first);
      shift = tensor.at(first + partBytes);
      mean = tensor.at(first + 2 * partBytes);
      invStd = tensor.at(first + 3 * partBytes);
      sums = layout.deferred() ? tensor.at(layout.sumsOffset()) : null;
      bound = tensor;
    }
  }

  /** Passes all four to the operands of a norm. */
  void into(NormOperands operands) {
    operands.mean = mean;
    operands.invStd = invStd;
    operands.scale = scale;
    operands.shift = shift;
  }

  /** Returns the tensor of the last call. */
  CudaTensor bound() {
    return bound;
  }

  /** Returns the place of the backward's two sums, (2, C) doubles, behind deferred values. */
  Pointer sums() {
    return sums;
  }
}
