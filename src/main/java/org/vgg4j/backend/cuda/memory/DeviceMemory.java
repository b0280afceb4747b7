package org.vgg4j.backend.cuda.memory;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;

/** An allocation on the GPU that only {@link #close} frees. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final long bytes;
  private CUevent_st read; // null before the first upload beside the step
  private boolean readIsMarked; // since the last such upload
  private boolean isReadByGraph;
  private DeviceMemory arrivals; // null until it is needed
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
    return at(block, offset);
  }

  /** Returns a new pointer, {@code offset} bytes behind another. */
  public static Pointer at(Pointer base, long offset) {
    return new Address(base.address() + offset);
  }

  /** Enqueues zeroing all bytes. */
  public void zero() {
    context.cuda().cudaMemsetAsync(pointer(), 0, Math.max(bytes, 1), context.stream());
  }

  /** Says that what was enqueued so far is the last to read what the last upload brought. */
  void lastRead() {
    if (context.isCapturing()) {
      isReadByGraph = true; // at a time that no event outside of the graph can name
    } else if (read != null) {
      context.cuda().cudaEventRecord(read, context.stream());
      readIsMarked = true;
    }
  }

  /**
   * Returns where an upload arrives while a graph may still read what stands here, so that the two
   * can go on beside each other; null where the upload may come straight to this memory.
   */
  DeviceMemory arrivals() {
    if (isReadByGraph && arrivals == null) {
      arrivals = new DeviceMemory(context, bytes);
    }
    return arrivals;
  }

  /**
   * Returns the event that an upload over another stream must wait for: the last read, where the
   * reader has said that it was the last, else all that was enqueued so far.
   */
  CUevent_st awaitedBeforeUpload() {
    if (read == null) {
      read = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
    }
    if (!readIsMarked) {
      context.cuda().cudaEventRecord(read, context.stream());
    }
    readIsMarked = false;
    return read;
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
      try (Closing parts = new Closing()) {
        parts.own(() -> context.cuda().cudaFree(block));
        if (arrivals != null) {
          parts.own(arrivals);
        }
        if (read != null) {
          parts.own(() -> context.cuda().cudaEventDestroy(read));
        }
        parts.own(context::drain); // first: cudaFree waits too, but CUDA does not promise it
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
