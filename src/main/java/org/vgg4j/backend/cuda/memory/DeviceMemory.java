package org.vgg4j.backend.cuda.memory;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/** An allocation on the GPU that only {@link #close} frees. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final long bytes;
  private boolean closed;

  /** Allocates {@code bytes} bytes, at least one, uninitialised. */
  public DeviceMemory(CudaContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
    block = context.cuda().cudaMalloc(Math.max(bytes, 1));
  }

  long bytes() {
    return bytes;
  }

  /** Returns the address of the first byte. */
  public Pointer pointer() {
    checkOpen();
    return block;
  }

  /** Returns a new pointer at an offset in bytes. */
  public Pointer at(long offset) {
    checkOpen();
    return new Address(block.address() + offset);
  }

  /** Enqueues zeroing all bytes. */
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
        context.drain(); // cudaFree waits too, but CUDA does not promise it
      } finally {
        context.cuda().cudaFree(block);
      }
    }
  }

  /** A bare address as a JavaCPP pointer that owns no memory. */
  private static final class Address extends Pointer {
    Address(long value) {
      super((Pointer) null);
      address = value;
    }
  }
}
