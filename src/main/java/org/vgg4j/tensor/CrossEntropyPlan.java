package org.vgg4j.tensor;

/**
 * A planned softmax cross entropy with its totals, which stay on the engine until they are read.
 * Shapes: logits, dlogits (N, classes), labels (N) of type I32.
 */
public interface CrossEntropyPlan extends Plan {
  /**
   * Adds the losses and the right answers of the first {@code rows} samples to the totals, and
   * writes dlogits = (softmax - one-hot) * {@code gradientScale} unless dlogits is null. The
   * gradient of the batch's mean has scale 1 / N.
   */
  void forward(Tensor logits, Tensor labels, Tensor dlogits, int rows, double gradientScale);

  /** Returns the totals since the last reset; waits for the engine. */
  LossTotals totals();

  /**
   * Begins to read the totals of all that was handed to the engine so far, without waiting for it.
   * A plan has one read under way: beginning another gives up the one before.
   */
  default TotalsRead beginTotals() {
    LossTotals now = totals();
    return () -> now;
  }

  /** Sets the totals, so that a resumed run adds to the very sums it had read. */
  void restoreTotals(LossTotals totals);

  /** Sets the totals to zero. */
  default void resetTotals() {
    restoreTotals(LossTotals.NONE);
  }
}
