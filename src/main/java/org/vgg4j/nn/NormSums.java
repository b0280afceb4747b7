package org.vgg4j.nn;

import java.util.Arrays;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.BatchSums;
import org.vgg4j.tensor.DType;

/**
 * Makes batch norms take their statistics over the slices of all ranks, as PyTorch's {@code
 * SyncBatchNorm} does: one for a rank's net, given to {@link NetworkOptions#withNormSums}.
 */
public final class NormSums implements BatchSums {
  private Collective collective;
  private boolean isEmpty;

  /** Adds up over these ranks, all of which must have norms of this kind. */
  public NormSums(Collective collective) {
    this.collective = collective;
  }

  /**
   * Adds up another way from now on.
   *
   * @param other the same ranks, such as when they have come to reach each other's GPUs
   */
  public void through(Collective other) {
    if (other.rank() != part() || other.world() != parts()) {
      throw new IllegalArgumentException(
          "norms of rank %d of %d got the sums of rank %d of %d"
              .formatted(part(), parts(), other.rank(), other.world()));
    }
    collective = other;
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

  @Override
  public int parts() {
    return collective.world();
  }

  @Override
  public int part() {
    return collective.rank();
  }

  @Override
  public boolean isEmpty() {
    return isEmpty;
  }

  @Override
  public void sum(Arena slab, DType type, long from, long count) {
    collective.begin(slab, type, from, count).await();
  }
}
