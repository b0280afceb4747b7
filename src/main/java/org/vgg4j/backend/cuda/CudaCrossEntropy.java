package org.vgg4j.backend.cuda;

import java.nio.ByteBuffer;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Softmax cross entropy by own kernels. The totals stay on the GPU, in the layout of {@code
 * LossTotals} in common.cuh, until they are read.
 */
final class CudaCrossEntropy implements CrossEntropyPlan {
  private static final int ROWS_PER_BLOCK = 4;
  private static final int THREADS = 128;
  private static final int TOTALS_THREADS = 256;
  private static final int TOTALS_BYTES = 40;

  private final CudaDevice device;
  private final CudaLayout logits; // (N, classes)
  private final CudaLayout labels; // (N)
  private final CudaStepState state;
  private final int batch;
  private final int classes;
  private final Closing closing = new Closing();
  private final DeviceMemory totals;
  private final KernelLaunch rowsKernel;
  private final KernelLaunch totalsKernel;

  CudaCrossEntropy(CudaDevice device, CudaLayout logits, CudaStepState state) {
    this.device = device;
    this.logits = logits;
    this.state = state;
    if (logits.shape().rank() != 2) {
      throw new InvalidInputException(
          "cross entropy takes logits (N, classes), not a tensor of shape " + logits.shape());
    }
    batch = logits.shape().dim(0);
    classes = logits.shape().dim(1);
    labels = new CudaLayout(Shape.of(batch), DType.I32);
    long lossBytes = Arena.align((long) batch * Double.BYTES);
    try {
      totals = closing.own(new DeviceMemory(device, TOTALS_BYTES));
      DeviceMemory rows =
          closing.own(new DeviceMemory(device, lossBytes + (long) batch * Integer.BYTES));
      int blocks = (batch + ROWS_PER_BLOCK - 1) / ROWS_PER_BLOCK;
      rowsKernel =
          closing
              .own(KernelLaunch.grid(device, "vgg4j_cross_entropy", blocks, THREADS, 9))
              .set(3, rows.at(0))
              .set(4, rows.at(lossBytes))
              .set(5, batch)
              .set(7, classes);
      totalsKernel =
          closing
              .own(KernelLaunch.grid(device, "vgg4j_loss_totals", 1, TOTALS_THREADS, 5))
              .set(0, rows.at(0))
              .set(1, rows.at(lossBytes))
              .set(3, totals.pointer());
      resetTotals();
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  @Override
  public void forward(
      Tensor logitsTensor, Tensor labelsTensor, Tensor dlogits, int rows, double gradientScale) {
    if (rows < 1 || rows > batch) {
      throw new IllegalArgumentException(rows + " rows of a batch of " + batch);
    }
    rowsKernel
        .set(0, CudaTensor.pointer(logitsTensor, logits, "cross entropy logits"))
        .set(1, CudaTensor.pointer(labelsTensor, labels, "cross entropy labels"))
        .set(
            2,
            dlogits == null ? null : CudaTensor.pointer(dlogits, logits, "cross entropy dlogits"))
        .set(6, rows)
        .set(8, (float) gradientScale)
        .launch();
    totalsKernel.set(2, state.pointer()).set(4, rows).launch();
  }

  @Override
  public LossTotals totals() {
    ByteBuffer bytes = device.staging().download(totals.pointer(), TOTALS_BYTES);
    double lossSum = bytes.getDouble(0);
    long correct = bytes.getLong(8);
    long count = bytes.getLong(16);
    long badLabels = bytes.getLong(24);
    long firstNonFinite = bytes.getLong(32);
    if (badLabels > 0) {
      throw new InvalidInputException(badLabels + " labels are not in 0.." + (classes - 1));
    }
    return new LossTotals(lossSum, correct, count, firstNonFinite - 1);
  }

  @Override
  public void restoreTotals(LossTotals restored) {
    ByteBuffer bytes = device.staging().small(TOTALS_BYTES);
    bytes.putDouble(0, restored.lossSum());
    bytes.putLong(8, restored.correct());
    bytes.putLong(16, restored.count());
    bytes.putLong(24, 0);
    bytes.putLong(32, restored.firstNonFiniteStep() + 1);
    device.staging().upload(totals.pointer(), TOTALS_BYTES);
  }

  @Override
  public void resetTotals() {
    totals.zero();
  }

  @Override
  public long workspaceBytes() {
    return 0;
  }

  @Override
  public void close() {
    closing.close();
  }
}
