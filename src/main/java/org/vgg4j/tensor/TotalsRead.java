package org.vgg4j.tensor;

/** A read of {@link LossTotals} that is on its way from the engine. */
public interface TotalsRead {
  /**
   * Returns the totals as they were when the read began, or null while they have not arrived; never
   * waits.
   *
   * @throws InvalidInputException when a label was no class, on engines that find that out late
   */
  LossTotals poll();
}
