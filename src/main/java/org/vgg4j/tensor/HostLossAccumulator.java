package org.vgg4j.tensor;

/** A {@link LossAccumulator} in plain Java fields, for engines that compute on the CPU. */
public final class HostLossAccumulator implements LossAccumulator {
  /** The answers that may hold the label. */
  public static final int TOP = 5;

  private double lossSum;
  private long correct;
  private long inTopFive;
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

  /**
   * Adds a sample.
   *
   * @param rank how many logits come before the label's; any number at least {@value #TOP} when the
   *     loss is not finite
   */
  public void add(double loss, int rank) {
    lossSum += loss;
    correct += rank == 0 ? 1 : 0;
    inTopFive += rank < TOP ? 1 : 0;
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
    return new LossTotals(lossSum, correct, inTopFive, count, firstNonFiniteStep);
  }

  @Override
  public void restore(LossTotals totals) {
    lossSum = totals.lossSum();
    correct = totals.correct();
    inTopFive = totals.inTopFive();
    count = totals.count();
    firstNonFiniteStep = totals.firstNonFiniteStep();
  }

  @Override
  public void close() {
    // Owns nothing.
  }
}
