package org.vgg4j.nn;

import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.TotalsRead;

/**
 * Softmax cross entropy of a net's outputs, at any of its input shapes, with totals over the
 * batches since the last reset. Source: PyTorch {@code torch.nn.CrossEntropyLoss}.
 */
public final class CrossEntropyLoss {
  private final Network network;
  private final LossAccumulator sums;

  CrossEntropyLoss(Network network, LossAccumulator sums) {
    this.network = network;
    this.sums = sums;
  }

  /** Returns the tensor for the labels (N), of type I32, at a batch size. */
  public Tensor labels(int batch) {
    return network.execution(batch).labels();
  }

  /**
   * Adds a batch to the totals.
   *
   * @param logits the net's output (N, classes); its labels are in {@link #labels}
   * @param rows how many samples count, starting with the first
   */
  public void forward(Tensor logits, int rows) {
    forward(logits, null, rows, 0);
  }

  /**
   * Adds a batch to the totals and computes the gradient.
   *
   * @param dlogits overwritten with the gradient of {@code gradientScale} times the sum of the
   *     losses, such as {@link Network#outputGradient}; null for none
   * @param gradientScale 1 / rows for the gradient of the batch's mean
   * @throws org.vgg4j.tensor.InvalidInputException when the engine finds a label out of range
   */
  public void forward(Tensor logits, Tensor dlogits, int rows, double gradientScale) {
    network.stepState().setLoss(rows, gradientScale);
    network.execution(logits.shape().dim(0)).loss(logits, dlogits);
  }

  /** Returns the sums over all batches since the last reset; waits for the engine. */
  public LossTotals totals() {
    return sums.read();
  }

  /**
   * Begins to read the sums over all batches since the last reset, without waiting for the engine.
   * Another read abandons the one before.
   */
  public TotalsRead beginTotals() {
    return sums.beginRead();
  }

  /** Continues from earlier totals, bit for bit as if their batches had been added here. */
  public void restoreTotals(LossTotals totals) {
    sums.restore(totals);
  }

  /** Sets the sums to zero. */
  public void resetTotals() {
    sums.reset();
  }
}
