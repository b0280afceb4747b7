package org.vgg4j.backend.cuda;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;

/** Pinned memory with the event after which it may be written again. */
final class PinnedSlot implements AutoCloseable {
  private final CudaDevice device;
  private final Closing closing = new Closing();
  private final PinnedMemory memory;
  private final CUevent_st copied;
  private boolean pending;

  PinnedSlot(CudaDevice device, int bytes) {
    this.device = device;
    try {
      memory = closing.own(new PinnedMemory(device, bytes));
      copied = device.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
      closing.own(() -> device.cuda().cudaEventDestroy(copied));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns the memory, once the last copy out of it is done. */
  PinnedMemory writable() {
    if (pending) {
      device.cuda().cudaEventSynchronize(copied);
      pending = false;
    }
    return memory;
  }

  int size() {
    return memory.size();
  }

  /** Enqueues a copy of the first {@code bytes} bytes and returns the event of its end. */
  CUevent_st copyTo(Pointer target, long bytes, CUstream_st stream) {
    device
        .cuda()
        .cudaMemcpyAsync(target, memory.pointer(), bytes, cudart.cudaMemcpyHostToDevice, stream);
    pending = true;
    device.cuda().cudaEventRecord(copied, stream);
    return copied;
  }

  @Override
  public void close() {
    closing.close();
  }
}
