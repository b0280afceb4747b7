package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.HostBuffer;

/** Pinned memory with the event after which it may be written again. */
public final class PinnedBuffer implements HostBuffer {
  private final CudaContext context;
  private final Closing closing;
  private final PinnedMemory memory;
  private final CUevent_st copied;
  private boolean pending;

  private PinnedBuffer(Closing owned, CudaContext context, int bytes, String owner) {
    this.context = context;
    closing = owned;
    memory = owned.own(new PinnedMemory(context, bytes, owner));
    copied = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
    owned.own(() -> context.cuda().cudaEventDestroy(copied));
    owned.own(this::drain);
  }

  /** Takes the memory; {@code owner} is what it is for. */
  public static PinnedBuffer of(CudaContext context, int bytes, String owner) {
    return Closing.building(owned -> new PinnedBuffer(owned, context, bytes, owner));
  }

  @Override
  public ByteBuffer bytes() {
    return memory.bytes();
  }

  @Override
  public void await() {
    if (pending) {
      pending = false;
      context.cuda().cudaEventSynchronize(copied);
    }
  }

  private void drain() {
    if (!context.status().isLost()) {
      await();
    }
  }

  /** Enqueues a copy of the first {@code bytes} bytes and returns the event of its end. */
  public CUevent_st copyTo(Pointer target, long bytes, CUstream_st stream) {
    context
        .cuda()
        .cudaMemcpyAsync(target, memory.pointer(), bytes, cudart.cudaMemcpyHostToDevice, stream);
    pending = true;
    context.cuda().cudaEventRecord(copied, stream);
    return copied;
  }

  @Override
  public void close() {
    closing.close();
  }
}
