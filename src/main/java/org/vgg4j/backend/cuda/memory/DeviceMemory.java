package org.vgg4j.backend.cuda.memory;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/** An allocation on the GPU, freed at close and not before. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final long bytes;
  private boolean closed;

  /** Takes {@code bytes} bytes, at least one, with whatever stands in them. */
  public DeviceMemory(CudaContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
    block = context.cuda().cudaMalloc(Math.max(bytes, 1));
  }

  long bytes() {
    return bytes;
  }

  /** Returns the beginning. */
  public Pointer pointer() {
    checkOpen();
    return block;
  }

  /** Returns a new pointer to {@code offset} bytes in. */
  public Pointer at(long offset) {
    checkOpen();
    return new Address(block.address() + offset);
  }

  /** Enqueues zeros. */
  public void zero() {
    context.cuda().cudaMemsetAsync(pointer(), 0, Math.max(bytes, 1), context.stream());
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this memory was closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        context.drain(); // cudaFree waits on its own, but nothing promises it
      } finally {
        context.cuda().cudaFree(block);
      }
    }
  }

  /** A bare address as a JavaCPP pointer, which owns nothing. */
  private static final class Address extends Pointer {
    Address(long value) {
      super((Pointer) null);
      address = value;
    }
  }
}
