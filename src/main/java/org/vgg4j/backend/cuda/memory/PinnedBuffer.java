package org.vgg4j.backend.cuda.memory;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;

/** Pinned memory with an event that marks when it may be written again. */
public final class PinnedBuffer {
  private final CudaContext context;
  private final PinnedMemory memory;
  private final CUevent_st copied;
  private boolean pending;

  public PinnedBuffer(Closing owner, CudaContext context, int bytes) {
    this.context = context;
    memory = owner.own(new PinnedMemory(context, bytes));
    copied = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
    owner.own(() -> context.cuda().cudaEventDestroy(copied));
  }

  /** Returns the memory, once the last copy out of it is done. */
  public PinnedMemory writable() {
    if (pending) {
      context.cuda().cudaEventSynchronize(copied);
      pending = false;
    }
    return memory;
  }

  int size() {
    return memory.size();
  }

  /** Enqueues a copy of the first {@code bytes} bytes and returns the event that ends it. */
  public CUevent_st copyTo(Pointer target, long bytes, CUstream_st stream) {
    context
        .cuda()
        .cudaMemcpyAsync(target, memory.pointer(), bytes, cudart.cudaMemcpyHostToDevice, stream);
    pending = true;
    context.cuda().cudaEventRecord(copied, stream);
    return copied;
  }
}
