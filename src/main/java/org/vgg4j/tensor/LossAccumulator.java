package org.vgg4j.tensor;

/** Sums of losses in an engine's memory, which the {@link CrossEntropyPlan}s of a net add to. */
public interface LossAccumulator extends AutoCloseable {
  /**
   * Returns the totals since the last reset; waits for the engine.
   *
   * @throws InvalidInputException when a label was no class, on engines that find that out late
   */
  LossTotals read();

  /**
   * Begins to read the totals of all that was handed to the engine so far, without waiting for it.
   * One read is under way at a time: beginning another gives up the one before.
   */
  default TotalsRead beginRead() {
    LossTotals now = read();
    return () -> now;
  }

  /** Sets the totals, so that a resumed run adds to the very sums that it had read. */
  void restore(LossTotals totals);

  /** Sets the totals to zero. */
  default void reset() {
    restore(LossTotals.NONE);
  }

  @Override
  void close();
}
