package org.vgg4j.backend.cuda;

import org.bytedeco.javacpp.Pointer;

/** An allocation on the GPU, freed at close and not before. */
final class DeviceMemory implements AutoCloseable {
  private final CudaDevice device;
  private final Pointer block;
  private final long bytes;
  private boolean closed;

  /** Takes {@code bytes} bytes, at least one, with whatever stands in them. */
  DeviceMemory(CudaDevice device, long bytes) {
    this.device = device;
    this.bytes = bytes;
    block = device.cuda().cudaMalloc(Math.max(bytes, 1));
  }

  long bytes() {
    return bytes;
  }

  /** Returns the beginning. */
  Pointer pointer() {
    checkOpen();
    return block;
  }

  /** Returns a new pointer to {@code offset} bytes in. */
  Pointer at(long offset) {
    checkOpen();
    return new Address(block.address() + offset);
  }

  /** Enqueues zeros. */
  void zero() {
    device.cuda().cudaMemsetAsync(pointer(), 0, Math.max(bytes, 1), device.stream());
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
        device.drain(); // cudaFree waits on its own, but nothing promises it
      } finally {
        device.cuda().cudaFree(block);
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
