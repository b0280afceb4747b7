package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaTensor;

/**
 * Remembers for whom a convolution took the sums of the norm before it. They hold only for the very
 * next thing that the GPU is asked to do: whatever was enqueued in between may have changed the
 * gradient, the values or the sums.
 */
final class LeftSums {
  private final CudaDevice device;
  private CudaTensor deferred; // null when there are none
  private long gradient; // its address
  private long turn;

  LeftSums(CudaDevice device) {
    this.device = device;
  }

  /**
   * Says that the sums lie behind a deferred tensor, as the last thing that was enqueued.
   *
   * @param dy the gradient that they are of
   */
  void leave(CudaTensor behind, Pointer dy) {
    deferred = behind;
    gradient = dy.address();
    turn = device.context().turn();
  }

  /** Returns whether the sums behind a tensor are those of this gradient, and forgets them. */
  boolean take(CudaTensor behind, Pointer dy) {
    boolean isLeft =
        deferred == behind && gradient == dy.address() && turn == device.context().turn();
    deferred = null;
    return isLeft;
  }
}
