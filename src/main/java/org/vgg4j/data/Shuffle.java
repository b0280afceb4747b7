package org.vgg4j.data;

import org.vgg4j.tensor.CounterRandom;

/** The order in which an epoch sees the training set: a function of (seed, epoch) alone. */
public final class Shuffle {
  /** The stream of shuffles among the draws of a seed. */
  private static final long STREAM = 0x5348_5546_464C_4531L;

  private Shuffle() {}

  /** Returns a permutation of 0..count-1 (Fisher and Yates, 1938, in Durstenfeld's form). */
  public static int[] permutation(int count, long seed, int epoch) {
    long key = CounterRandom.key(seed, STREAM, epoch);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[i] = i;
    }
    for (int i = count - 1; i > 0; i--) {
      int other = CounterRandom.below(key, i, i + 1);
      int kept = order[i];
      order[i] = order[other];
      order[other] = kept;
    }
    return order;
  }
}
