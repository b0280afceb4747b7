package org.vgg4j.backend.cuda.memory;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemorySpace;

/** An allocation on the GPU that only {@link #close} frees, or one that other code owns. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaContext context;
  private final Pointer block;
  private final long bytes;
  private final MemoryLedger.Entry entry; // null for memory that other code owns
  private CUevent_st read; // null before the first upload beside the step
  private boolean readIsMarked; // since the last such upload
  private boolean isReadByGraph;
  private DeviceMemory arrivals; // null until it is needed
  private boolean closed;

  /** Allocates {@code bytes} bytes, at least one, uninitialised, for an owner without a name. */
  public DeviceMemory(CudaContext context, long bytes) {
    this(context, bytes, MemoryOwner.OTHER);
  }

  /**
   * Allocates {@code bytes} bytes, at least one, uninitialised.
   *
   * @param owner what they are for, for the ledger
   */
  public DeviceMemory(CudaContext context, long bytes, String owner) {
    this.context = context;
    this.bytes = bytes;
    long taken = Math.max(bytes, 1);
    block = context.cuda().cudaMalloc(taken);
    entry = context.ledger().enter(owner, MemorySpace.DEVICE, taken);
  }

  private DeviceMemory(CudaContext context, Pointer block, long bytes) {
    this.context = context;
    this.bytes = bytes;
    this.block = block;
    entry = null;
  }

  /** Returns memory that other code owns; closing it ends its use here and frees nothing. */
  public static DeviceMemory borrowed(CudaContext context, Pointer block, long bytes) {
    return new DeviceMemory(context, block, bytes);
  }

  /** Returns a memory if it is large enough, else a larger one in its place. */
  public static DeviceMemory atLeast(
      CudaContext context, DeviceMemory memory, long bytes, String owner) {
    if (memory != null && memory.bytes >= bytes && !memory.closed) {
      return memory;
    }
    return Closing.building(
        owned -> {
          DeviceMemory larger = owned.own(new DeviceMemory(context, bytes, owner));
          if (memory != null) {
            memory.close();
          }
          return larger;
        });
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
      arrivals = new DeviceMemory(context, bytes, MemoryOwner.STAGING);
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
        if (arrivals != null) {
          parts.own(arrivals);
        }
        if (read != null) {
          parts.own(() -> context.cuda().cudaEventDestroy(read));
        }
        if (entry != null) {
          parts.own(entry);
          parts.own(() -> context.cuda().cudaFree(block));
          parts.own(context::drain); // first: cudaFree waits too, but CUDA does not promise it
        }
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
