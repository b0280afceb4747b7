package org.vgg4j.backend.cuda;

import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.Tensor;

/**
 * Memory of other code as a tensor, from {@link DeviceSharing#borrow}. Nothing is copied:
 * operations read it and write it where it lies.
 *
 * <p>Closing gives it back: what the owner puts on its stream from then on waits for what the
 * engine was given to do with it, and the tensor can no longer be used. Closing does not wait
 * itself. Close it before the engine, and before the owner frees the memory.
 */
public final class BorrowedTensor implements AutoCloseable {
  private final DeviceMemory memory;
  private final CudaTensor tensor;
  private final Runnable giveBack;
  private boolean closed;

  BorrowedTensor(DeviceMemory memory, CudaTensor tensor, Runnable giveBack) {
    this.memory = memory;
    this.tensor = tensor;
    this.giveBack = giveBack;
  }

  /**
   * Returns the tensor: an operand like the engine's own where its layout is the planned one, and
   * always a source or target of {@link Tensor#copyFrom}, which changes order and type on the GPU.
   */
  public Tensor tensor() {
    return tensor;
  }

  /**
   * {@inheritDoc} The loan ends even if this fails.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the owner's stream is being captured as a
   *     CUDA graph, so that it cannot wait; {@link DeviceSharing#haveWait} has it wait afterwards
   */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        giveBack.run();
      } finally {
        memory.close();
      }
    }
  }
}
