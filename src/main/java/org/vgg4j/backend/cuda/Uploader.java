package org.vgg4j.backend.cuda;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;

/**
 * Copies to the GPU beside the step that runs there: values go to pinned memory at once, from there
 * over a second stream to a buffer of their own, and into the tensor when the engine's stream comes
 * to it. Two buffers in turn for each type, so that images and labels do not wait for each other.
 */
final class Uploader implements AutoCloseable {
  private static final int SLOTS = 2;

  private final CudaDevice device;
  private final Closing closing = new Closing();
  private final CUstream_st stream;
  private final Ring floats = new Ring();
  private final Ring ints = new Ring();
  private final Ring bytes = new Ring();

  Uploader(CudaDevice device) {
    this.device = device;
    stream = device.cuda().cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
    closing.own(() -> device.cuda().cudaStreamDestroy(stream));
    closing.own(() -> device.cuda().drain(stream));
  }

  void upload(float[] source, int start, int count, CudaTensor target) {
    Slot slot = floats.next(Math.multiplyExact(count, Float.BYTES));
    slot.pinned.writable().floats().put(0, source, start, count);
    slot.send(target, (long) count * Float.BYTES);
  }

  void upload(int[] source, int start, int count, CudaTensor target) {
    Slot slot = ints.next(Math.multiplyExact(count, Integer.BYTES));
    slot.pinned.writable().ints().put(0, source, start, count);
    slot.send(target, (long) count * Integer.BYTES);
  }

  void upload(byte[] source, int start, int count, CudaTensor target) {
    Slot slot = bytes.next(count);
    slot.pinned.writable().bytes().put(0, source, start, count);
    slot.send(target, count);
  }

  void upload(ByteBuffer source, CudaTensor target) {
    int count = source.remaining();
    Slot slot = bytes.next(count);
    slot.pinned.writable().bytes().put(0, source, source.position(), count);
    slot.send(target, count);
  }

  /** The buffers of one type. */
  private final class Ring {
    private final Slot[] slots = new Slot[SLOTS]; // null until used
    private int turn;

    /** Returns the next buffer, a new one where it is too small. */
    Slot next(int size) {
      int at = turn;
      turn = (turn + 1) % SLOTS;
      if (slots[at] == null || slots[at].pinned.size() < size) {
        Slot old = slots[at];
        slots[at] = null;
        if (old != null) {
          old.close();
        }
        slots[at] = new Slot(size);
      }
      return slots[at];
    }

    void giveTo(Closing owner) {
      for (Slot slot : slots) {
        if (slot != null) {
          owner.own(slot);
        }
      }
    }
  }

  private final class Slot implements AutoCloseable {
    private final Closing parts = new Closing();
    private final PinnedSlot pinned;
    private final DeviceMemory memory;
    private final CUevent_st consumed;

    Slot(int bytes) {
      try {
        pinned = parts.own(new PinnedSlot(device, bytes));
        memory = parts.own(new DeviceMemory(device, bytes));
        consumed = device.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
        parts.own(() -> device.cuda().cudaEventDestroy(consumed));
        parts.own(this::drain);
      } catch (RuntimeException | Error e) {
        parts.abandon(e);
        throw e;
      }
    }

    private void drain() {
      device.cuda().drain(stream);
      device.drain();
    }

    void send(CudaTensor target, long bytes) {
      CudaCalls cuda = device.cuda();
      // Before the first record the event holds nobody up.
      cuda.cudaStreamWaitEvent(stream, consumed);
      CUevent_st arrived = pinned.copyTo(memory.pointer(), bytes, stream);
      cuda.cudaStreamWaitEvent(device.stream(), arrived);
      cuda.cudaMemcpyAsync(
          target.pointer(),
          memory.pointer(),
          bytes,
          cudart.cudaMemcpyDeviceToDevice,
          device.stream());
      cuda.cudaEventRecord(consumed, device.stream());
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
