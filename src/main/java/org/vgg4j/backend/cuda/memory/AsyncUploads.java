package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.backend.cuda.calls.CudaCalls;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;

/**
 * Copies to the GPU beside the step that runs there: values go to pinned memory at once, from there
 * over a second stream to a buffer of their own, and into the tensor when the engine's stream comes
 * to it. Two buffers in turn for each type, so that images and labels do not wait for each other.
 */
final class AsyncUploads implements AutoCloseable {
  private static final int TRANSFERS = 2;

  private final CudaContext context;
  private final Closing closing = new Closing();
  private final CUstream_st stream;
  private final Ring floats = new Ring();
  private final Ring ints = new Ring();
  private final Ring bytes = new Ring();

  AsyncUploads(CudaContext context) {
    this.context = context;
    stream = context.cuda().cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
    closing.own(() -> context.cuda().cudaStreamDestroy(stream));
    closing.own(() -> context.cuda().drain(stream));
  }

  void upload(float[] source, int start, int count, CudaTensor target) {
    Transfer transfer = floats.next(Math.multiplyExact(count, Float.BYTES));
    transfer.pinned.writable().floats().put(0, source, start, count);
    transfer.send(target, (long) count * Float.BYTES);
  }

  void upload(int[] source, int start, int count, CudaTensor target) {
    Transfer transfer = ints.next(Math.multiplyExact(count, Integer.BYTES));
    transfer.pinned.writable().ints().put(0, source, start, count);
    transfer.send(target, (long) count * Integer.BYTES);
  }

  void upload(ByteBuffer source, CudaTensor target) {
    int count = source.remaining();
    Transfer transfer = bytes.next(count);
    transfer.pinned.writable().bytes().put(0, source, source.position(), count);
    transfer.send(target, count);
  }

  void upload(byte[] source, int start, int count, CudaTensor target) {
    Transfer transfer = bytes.next(count);
    transfer.pinned.writable().bytes().put(0, source, start, count);
    transfer.send(target, count);
  }

  /** The buffers of one type. */
  private final class Ring {
    private final Transfer[] transfers = new Transfer[TRANSFERS]; // null until used
    private int turn;

    /** Returns the next buffer, a new one where it is too small. */
    Transfer next(int size) {
      int at = turn;
      turn = (turn + 1) % TRANSFERS;
      if (transfers[at] == null || transfers[at].pinned.size() < size) {
        Transfer old = transfers[at];
        transfers[at] = null;
        if (old != null) {
          old.close();
        }
        transfers[at] = Closing.building(parts -> new Transfer(parts, size));
      }
      return transfers[at];
    }

    void giveTo(Closing owner) {
      for (Transfer transfer : transfers) {
        if (transfer != null) {
          owner.own(transfer);
        }
      }
    }
  }

  private final class Transfer implements AutoCloseable {
    private final Closing parts;
    private final PinnedBuffer pinned;
    private final DeviceMemory memory;
    private final CUevent_st consumed;

    private Transfer(Closing parts, int bytes) {
      this.parts = parts;
      pinned = new PinnedBuffer(parts, context, bytes);
      memory = parts.own(new DeviceMemory(context, bytes));
      consumed = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
      parts.own(() -> context.cuda().cudaEventDestroy(consumed));
      parts.own(this::drain);
    }

    private void drain() {
      context.cuda().drain(stream);
      context.drain();
    }

    void send(CudaTensor target, long bytes) {
      CudaCalls cuda = context.cuda();
      // Before the first record the event holds nobody up.
      cuda.cudaStreamWaitEvent(stream, consumed);
      CUevent_st arrived = pinned.copyTo(memory.pointer(), bytes, stream);
      cuda.cudaStreamWaitEvent(context.stream(), arrived);
      cuda.cudaMemcpyAsync(
          target.pointer(),
          memory.pointer(),
          bytes,
          cudart.cudaMemcpyDeviceToDevice,
          context.stream());
      cuda.cudaEventRecord(consumed, context.stream());
    }

    @Override
    public void close() {
      parts.close();
    }
  }

  @Override
  public void close() {
    floats.giveTo(closing);
    ints.giveTo(closing);
    bytes.giveTo(closing);
    closing.close();
  }
}
