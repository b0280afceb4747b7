package org.vgg4j.backend.cuda.operations;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.PinnedBuffer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.HostStepState;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.StepState;

/**
 * The step state with its copy in device memory, which every kernel reads. The layout is that of
 * {@code StepState} in common.cuh: the host writes seven fields, Adam's kernel derives the other
 * two.
 */
public final class CudaStepState extends HostStepState {
  private static final int BYTES = 64;
  private static final int HOST_BYTES = 56;
  private static final int SEED = 0;
  private static final int STEP = 8;
  private static final int FORWARD_PASS = 16;
  private static final int LEARNING_RATE = 24;
  private static final int LOSS_SCALE = 32;
  private static final int ROWS = 40;
  private static final int FIRST = 48;

  /** How many changes may be in flight to the GPU. */
  private static final int SLOTS = 4;

  private final CudaDevice device;
  private final Closing closing = new Closing();
  private final DeviceMemory memory; // null for a described GPU
  private final PinnedBuffer[] slots = new PinnedBuffer[SLOTS];
  private int turn;

  public CudaStepState(CudaDevice device) {
    this.device = device;
    if (device.isDescribed()) {
      memory = null;
      return;
    }
    try {
      memory = closing.own(new DeviceMemory(device.context(), BYTES, MemoryOwner.STEP_STATE));
      memory.zero();
      for (int i = 0; i < SLOTS; i++) {
        slots[i] =
            closing.own(PinnedBuffer.of(device.context(), HOST_BYTES, MemoryOwner.STEP_STATE));
      }
      closing.own(device.context()::drain);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Casts a state to this engine's type. */
  public static CudaStepState of(CudaDevice device, StepState state) {
    if (state instanceof CudaStepState own && own.device == device) {
      return own;
    }
    throw new IllegalArgumentException("a state of another engine was given to the GPU engine");
  }

  /** Returns the state in device memory. */
  Pointer pointer() {
    return memory.pointer();
  }

  @Override
  public void seed(long seed) {
    super.seed(seed);
    send();
  }

  @Override
  public void set(
      long step, long forwardPass, double learningRate, int rows, double lossScale, long first) {
    super.set(step, forwardPass, learningRate, rows, lossScale, first);
    send();
  }

  private void send() {
    if (memory == null) {
      return;
    }
    PinnedBuffer slot = slots[turn];
    turn = (turn + 1) % SLOTS;
    slot.await();
    ByteBuffer bytes = slot.bytes();
    bytes.putLong(SEED, seed());
    bytes.putLong(STEP, step());
    bytes.putLong(FORWARD_PASS, forwardPass());
    bytes.putDouble(LEARNING_RATE, learningRate());
    bytes.putDouble(LOSS_SCALE, lossScale());
    bytes.putLong(ROWS, rows());
    bytes.putLong(FIRST, first());
    slot.copyTo(memory.pointer(), HOST_BYTES, device.context().stream());
  }

  @Override
  public void close() {
    closing.close();
  }
}
