package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Shape;

/**
 * What a batch norm's training forward saves for its backward, side by side: the mean (C), 1 /
 * sqrt(variance + epsilon) (C) and, if frozen, the variance (C).
 */
final class SavedStatistics {
  private final long partBytes;
  private final CudaLayout layout;
  private CudaTensor bound; // the three tensors below are parts of it
  private Pointer mean;
  private Pointer invVariance;
  private Pointer variance;

  SavedStatistics(long channelBytes) {
    partBytes = Arena.align(channelBytes);
    layout = CudaLayout.floats(Shape.of(Math.toIntExact(3 * partBytes / Float.BYTES)));
  }

  CudaLayout layout() {
    return layout;
  }

  /** Takes the tensor of the next call; only a new tensor creates new pointers. */
  void bind(CudaTensor tensor) {
    tensor.pointer(); // throws if its memory is closed
    if (tensor != bound) {
      mean = tensor.at(0);
      invVariance = tensor.at(partBytes);
      variance = tensor.at(2 * partBytes);
      bound = tensor;
    }
  }

  Pointer mean() {
    return mean;
  }

  Pointer invVariance() {
    return invVariance;
  }

  Pointer variance() {
    return variance;
  }
}
