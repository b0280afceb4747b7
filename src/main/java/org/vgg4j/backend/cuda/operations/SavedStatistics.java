package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Shape;

/**
 * What a batch norm's training forward saves for its backward, side by side, C floats each: the
 * mean, 1 / sqrt(variance + epsilon), and scale and shift, by which the norm is scale x + shift.
 */
final class SavedStatistics {
  private static final int PARTS = 4;

  private final long partBytes;
  private final CudaLayout layout;
  private CudaTensor bound; // the pointers below lie in it
  private Pointer mean;
  private Pointer invStd;
  private Pointer scale;
  private Pointer shift;

  SavedStatistics(int channels) {
    partBytes = Arena.align((long) channels * Float.BYTES);
    layout = CudaLayout.floats(Shape.of(Math.toIntExact(PARTS * partBytes / Float.BYTES)));
  }

  CudaLayout layout() {
    return layout;
  }

  /** Takes the tensor of the next call; only a new tensor creates new pointers. */
  void bind(CudaTensor tensor) {
    tensor.pointer(); // throws if its memory is closed
    if (tensor != bound) {
      mean = tensor.at(0);
      invStd = tensor.at(partBytes);
      scale = tensor.at(2 * partBytes);
      shift = tensor.at(3 * partBytes);
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
}
