package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.MemoryOwner;

/**
 * Copies between buffers and the GPU that are done when they return, by pieces through one pinned
 * buffer. For what happens outside a training step.
 */
public final class BlockingTransfers implements AutoCloseable {
  /** What one copy brings at most. */
  static final int BYTES = 4 << 20;

  private final CudaContext context;
  private final PinnedMemory pinned;

  BlockingTransfers(CudaContext context) {
    this.context = context;
    pinned = new PinnedMemory(context, BYTES, MemoryOwner.STAGING);
  }

  void upload(ByteBuffer source, Pointer target) {
    for (long at = 0; at < source.remaining(); at += BYTES) {
      int bytes = (int) Math.min(BYTES, source.remaining() - at);
      pinned.bytes().put(0, source, source.position() + (int) at, bytes);
      copy(DeviceMemory.at(target, at), pinned.pointer(), bytes, cudart.cudaMemcpyHostToDevice);
    }
  }

  void download(Pointer source, ByteBuffer target) {
    for (long at = 0; at < target.remaining(); at += BYTES) {
      int bytes = (int) Math.min(BYTES, target.remaining() - at);
      copy(pinned.pointer(), DeviceMemory.at(source, at), bytes, cudart.cudaMemcpyDeviceToHost);
      target.put(target.position() + (int) at, pinned.bytes(), 0, bytes);
    }
  }

  /** Returns the first bytes of something small; valid until the next copy. */
  public ByteBuffer download(Pointer source, long bytes) {
    copy(pinned.pointer(), source, bytes, cudart.cudaMemcpyDeviceToHost);
    return pinned.bytes();
  }

  /** Returns the place for the bytes of something small, for {@link #upload(Pointer, long)}. */
  public ByteBuffer small(int bytes) {
    return pinned.bytes().slice(0, bytes).order(pinned.bytes().order());
  }

  /** Copies the first bytes of the place to something small. */
  public void upload(Pointer target, long bytes) {
    copy(target, pinned.pointer(), bytes, cudart.cudaMemcpyHostToDevice);
  }

  private void copy(Pointer to, Pointer from, long bytes, int kind) {
    CUstream_st stream = context.stream();
    context.cuda().cudaMemcpyAsync(to, from, bytes, kind, stream);
    context.cuda().cudaStreamSynchronize(stream);
    context.peers().check(); // or what was read may be a sum that never ended
  }

  @Override
  public void close() {
    pinned.close();
  }
}
