package org.vgg4j.backend.cuda.operations;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.PinnedMemory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.TotalsRead;

/**
 * The totals of a loss in device memory, in the layout of {@code LossTotals} in common.cuh, with
 * two ways to read them: a blocking one, and one through its own pinned memory that does not wait.
 */
public final class CudaLossTotals implements LossAccumulator, TotalsRead {
  private static final int BYTES = 48;
  private static final int LOSS_SUM = 0;
  private static final int CORRECT = 8;
  private static final int IN_TOP_FIVE = 16;
  private static final int COUNT = 24;
  private static final int BAD_LABELS = 32;
  private static final int FIRST_NON_FINITE = 40;

  private final CudaDevice device;
  private final Closing closing = new Closing();
  private final DeviceMemory totals;
  private final PinnedMemory copy;
  private final CUevent_st copied;

  public CudaLossTotals(CudaDevice device) {
    this.device = device;
    try {
      totals = closing.own(new DeviceMemory(device.context(), BYTES, MemoryOwner.LOSS_TOTALS));
      copy = closing.own(new PinnedMemory(device.context(), BYTES, MemoryOwner.LOSS_TOTALS));
      copied = device.context().cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
      closing.own(() -> device.context().cuda().cudaEventDestroy(copied));
      closing.own(device.context()::drain); // a copy may be in progress
      reset();
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Casts an accumulator to this engine's type. */
  public static CudaLossTotals of(LossAccumulator sums) {
    if (sums instanceof CudaLossTotals own) {
      return own;
    }
    throw new IllegalArgumentException("cross entropy got another engine's sums of losses");
  }

  /** Returns the totals in device memory. */
  Pointer pointer() {
    return totals.pointer();
  }

  @Override
  public LossTotals read() {
    return parse(device.memory().blocking().download(totals.pointer(), BYTES));
  }

  /** Enqueues a copy to the host, for {@link #poll}. */
  @Override
  public TotalsRead beginRead() {
    device
        .context()
        .cuda()
        .cudaMemcpyAsync(
            copy.pointer(),
            totals.pointer(),
            BYTES,
            cudart.cudaMemcpyDeviceToHost,
            device.context().stream());
    device.context().cuda().cudaEventRecord(copied, device.context().stream());
    return this;
  }

  @Override
  public LossTotals poll() {
    if (!device.context().cuda().cudaEventQuery(copied)) {
      return null;
    }
    device.context().peers().check();
    return parse(copy.bytes());
  }

  private LossTotals parse(ByteBuffer bytes) {
    long badLabels = bytes.getLong(BAD_LABELS);
    if (badLabels > 0) {
      throw new InvalidInputException(badLabels + " labels are not classes of the net");
    }
    return new LossTotals(
        bytes.getDouble(LOSS_SUM),
        bytes.getLong(CORRECT),
        bytes.getLong(IN_TOP_FIVE),
        bytes.getLong(COUNT),
        bytes.getLong(FIRST_NON_FINITE) - 1);
  }

  @Override
  public void restore(LossTotals restored) {
    ByteBuffer bytes = device.memory().blocking().small(BYTES);
    bytes.putDouble(LOSS_SUM, restored.lossSum());
    bytes.putLong(CORRECT, restored.correct());
    bytes.putLong(IN_TOP_FIVE, restored.inTopFive());
    bytes.putLong(COUNT, restored.count());
    bytes.putLong(BAD_LABELS, 0);
    bytes.putLong(FIRST_NON_FINITE, restored.firstNonFiniteStep() + 1);
    device.memory().blocking().upload(totals.pointer(), BYTES);
  }

  @Override
  public void reset() {
    totals.zero();
  }

  @Override
  public void close() {
    closing.close();
  }
}
