package org.vgg4j.nn;

import java.util.Arrays;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.BatchSums;

/**
 * Makes batch norms take their statistics over the slices of all ranks, as PyTorch's {@code
 * SyncBatchNorm} does: one for a rank's net, given to {@link NetworkOptions#withNormSums}.
 */
public final class NormSums implements BatchSums {
  private final Collective collective;
  private boolean isEmpty;

  /** Adds up over these ranks, all of which must have norms of this kind. */
  public NormSums(Collective collective) {
    this.collective = collective;
  }

  /**
   * Says whether the pass to come is over nothing: its rank takes part in the sums, and adds
   * nothing.
   */
  public void empty(boolean isOverNothing) {
    isEmpty = isOverNothing;
  }

  @Override
  public void sumStatistics(double[] values) {
    if (isEmpty) {
      Arrays.fill(values, 0);
    }
    collective.sum(values);
  }

  @Override
  public void sumGradients(double[] values) {
    sumStatistics(values);
    if (isEmpty) {
      Arrays.fill(values, 0);
    }
  }
}
