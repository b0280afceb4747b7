package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/** Pinned host memory, which the GPU accesses directly. */
public final class PinnedMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final ByteBuffer bytes;
  private final FloatBuffer floats;
  private final IntBuffer ints;

  public PinnedMemory(CudaContext context, int size) {
    this.context = context;
    block = context.cuda().cudaMallocHost(size);
    block.capacity(size);
    bytes = block.asByteBuffer().order(ByteOrder.nativeOrder());
    floats = bytes.asFloatBuffer();
    ints = bytes.asIntBuffer();
  }

  public Pointer pointer() {
    return block;
  }

  int size() {
    return bytes.capacity();
  }

  public ByteBuffer bytes() {
    return bytes;
  }

  FloatBuffer floats() {
    return floats;
  }

  IntBuffer ints() {
    return ints;
  }

  @Override
  public void close() {
    context.cuda().cudaFreeHost(block);
  }
}
