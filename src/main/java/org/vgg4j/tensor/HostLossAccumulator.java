package org.vgg4j.tensor;

/** A {@link LossAccumulator} in plain Java fields, for engines that compute on the CPU. */
public final class HostLossAccumulator implements LossAccumulator {
  private double lossSum;
  private long correct;
  private long count;
  private long firstNonFiniteStep = -1;

  /**
   * Returns an accumulator as this class.
   *
   * @throws IllegalArgumentException when it belongs to another kind of engine
   */
  public static HostLossAccumulator of(LossAccumulator sums) {
    if (sums instanceof HostLossAccumulator own) {
      return own;
    }
    throw new IllegalArgumentException("cross entropy got another engine's sums of losses");
  }

  /** Adds a sample. */
  public void add(double loss, boolean isCorrect) {
    lossSum += loss;
    correct += isCorrect ? 1 : 0;
    count++;
  }

  /** Notes the step if its samples were the first to make the sum infinite or NaN. */
  public void endBatch(long step) {
    if (firstNonFiniteStep < 0 && !Double.isFinite(lossSum)) {
      firstNonFiniteStep = step;
    }
  }

  @Override
  public LossTotals read() {
    return new LossTotals(lossSum, correct, count, firstNonFiniteStep);
  }

  @Override
  public void restore(LossTotals totals) {
    lossSum = totals.lossSum();
    correct = totals.correct();
    count = totals.count();
    firstNonFiniteStep = totals.firstNonFiniteStep();
  }

  @Override
  public void close() {
    // Owns nothing.
  }
}
