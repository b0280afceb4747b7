package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemorySpace;

/** Pinned host memory, which the GPU accesses directly. */
public final class PinnedMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final ByteBuffer bytes;
  private final MemoryLedger.Entry entry;

  /**
   * Takes {@code size} bytes.
   *
   * @param owner what they are for, for the ledger
   */
  public PinnedMemory(CudaContext context, int size, String owner) {
    this.context = context;
    block = context.cuda().cudaMallocHost(size);
    entry = context.ledger().enter(owner, MemorySpace.PINNED, size);
    block.capacity(size);
    bytes = block.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  public Pointer pointer() {
    return block;
  }

  public ByteBuffer bytes() {
    return bytes;
  }

  @Override
  public void close() {
    try {
      context.cuda().cudaFreeHost(block);
    } finally {
      entry.close();
    }
  }
}
