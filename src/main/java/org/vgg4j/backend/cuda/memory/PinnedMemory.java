package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/** Host memory that the GPU copies from and to by itself. */
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
