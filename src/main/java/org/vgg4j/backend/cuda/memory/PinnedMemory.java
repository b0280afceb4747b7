package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/** Pinned host memory, which the GPU accesses directly. */
public final class PinnedMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final ByteBuffer bytes;

  public PinnedMemory(CudaContext context, int size) {
    this.context = context;
    block = context.cuda().cudaMallocHost(size);
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
    context.cuda().cudaFreeHost(block);
  }
}
