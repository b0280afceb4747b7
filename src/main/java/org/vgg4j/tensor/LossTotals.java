package org.vgg4j.tensor;

/**
 * Sums over samples.
 *
 * @param lossSum the sum of the samples' cross entropies
 * @param correct how many samples had their label as the first largest logit
 * @param inTopFive how many samples had fewer than five logits before their label's: larger ones,
 *     or equal ones of lower labels
 * @param count how many samples there were
 * @param firstNonFiniteStep the step of the state whose loss was the first not to be finite, -1
 *     when all were
 */
public record LossTotals(
    double lossSum, long correct, long inTopFive, long count, long firstNonFiniteStep) {
  /** No samples. */
  public static final LossTotals NONE = new LossTotals(0, 0, 0, 0, -1);

  /** Returns the mean loss. */
  public double meanLoss() {
    return lossSum / count;
  }

  /** Returns the share of right answers. */
  public double accuracy() {
    return (double) correct / count;
  }

  /** Returns the share of samples whose label was among the five largest logits. */
  public double topFiveAccuracy() {
    return (double) inTopFive / count;
  }
}
