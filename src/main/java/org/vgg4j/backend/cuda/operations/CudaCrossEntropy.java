package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.SoftTargets;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/** Softmax cross entropy by custom kernels, which also sum the loss of the net. */
public final class CudaCrossEntropy implements CrossEntropyPlan {
  private static final int ROWS_PER_BLOCK = 4;
  private static final int THREADS = 128;
  private static final int TOTALS_THREADS = 256;

  private final CudaLayout logits; // (N, classes)
  private final CudaLayout labels; // (N)
  private final CudaMemory memory;
  private final CudaStepState state;
  private final int batch;
  private final Closing closing = new Closing();
  private final KernelLaunch rowsKernel;
  private final KernelLaunch totalsKernel;

  public CudaCrossEntropy(
      CudaDevice device,
      CudaLayout logits,
      CudaStepState state,
      CudaLossTotals totals,
      double labelSmoothing) {
    this.logits = logits;
    this.state = state;
    memory = device.memory();
    if (logits.shape().rank() != 2) {
      throw new InvalidInputException(
          "cross entropy takes logits (N, classes), not a tensor of shape " + logits.shape());
    }
    batch = logits.shape().dim(0);
    int classes = logits.shape().dim(1);
    SoftTargets targets = SoftTargets.of(labelSmoothing, classes);
    labels = CudaLayout.rows(Shape.of(batch), DType.I32);
    long lossBytes = Arena.align((long) batch * Double.BYTES);
    try {
      DeviceMemory rows =
          closing.own(
              new DeviceMemory(
                  device.context(), lossBytes + (long) batch * Integer.BYTES, MemoryOwner.SCRATCH));
      int blocks = (batch + ROWS_PER_BLOCK - 1) / ROWS_PER_BLOCK;
      rowsKernel =
          closing
              .own(
                  device
                      .kernels()
                      .grid(
                          Kernels.typed("vgg4j_cross_entropy", logits.dtype()),
                          blocks,
                          THREADS,
                          10))
              .set(3, rows.at(0))
              .set(4, rows.at(lossBytes))
              .set(6, batch)
              .set(7, classes)
              .set(8, targets.label())
              .set(9, targets.other());
      totalsKernel =
          closing
              .own(device.kernels().grid("vgg4j_loss_totals", 1, TOTALS_THREADS, 4))
              .set(0, rows.at(0))
              .set(1, rows.at(lossBytes))
              .set(3, totals.pointer());
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns the work of the losses of logits (N, classes) and their gradient. */
  public static List<Work> work(CudaLayout logits) {
    long rows = logits.rowCount();
    long losses = rows * (Double.BYTES + Integer.BYTES); // and whether each was right
    return new PlanWork()
        .kernel("cross entropy", logits.bytes() + rows * Integer.BYTES, logits.bytes() + losses)
        .kernel("loss totals", losses, 0)
        .list();
  }

  @Override
  public List<Work> work() {
    return work(logits);
  }

  @Override
  public void forward(Tensor logitsTensor, Tensor labelsTensor, Tensor dlogits) {
    int rows = state.rows();
    if (rows < 0 || rows > batch) {
      throw new IllegalArgumentException(rows + " rows for a batch of " + batch);
    }
    rowsKernel
        .set(0, operand(logitsTensor, logits, "logits"))
        .set(1, operand(labelsTensor, labels, "labels"))
        .set(2, dlogits == null ? null : operand(dlogits, logits, "dlogits"))
        .set(5, state.pointer())
        .launch();
    ((CudaTensor) labelsTensor).lastRead(); // the next labels may come while the step goes on
    totalsKernel.set(2, state.pointer()).launch();
  }

  private Pointer operand(Tensor tensor, CudaLayout planned, String role) {
    return CudaTensor.of(memory, tensor, planned, "cross entropy", role).pointer();
  }

  @Override
  public void close() {
    closing.close();
  }
}
