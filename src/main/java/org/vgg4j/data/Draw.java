package org.vgg4j.data;

import org.vgg4j.tensor.CounterRandom;

/**
 * An epoch's random draws, each a function of seed, epoch, image and index alone: earlier draws and
 * threads make no difference.
 *
 * @param seed of the run
 * @param epoch from 1
 */
public record Draw(long seed, int epoch) {
  /** The random stream of shuffles. */
  private static final long SHUFFLES = 0x5348_5546_464C_4531L;

  /** The random stream of draws for single images. */
  private static final long IMAGES = 0x494D_4147_4553_3031L;

  /**
   * Returns the order in which the epoch sees images: a permutation of 0..count-1 (Fisher and
   * Yates, 1938, in Durstenfeld's form).
   */
  public int[] permutation(int count) {
    long key = CounterRandom.key(seed, SHUFFLES, epoch);
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

  /**
   * Returns a uniform value in [0, 1).
   *
   * @param image the image's number in its source, not its place in the epoch
   * @param index which of the image's draws
   */
  public double uniform(int image, int index) {
    long key = CounterRandom.key(seed, IMAGES, epoch);
    return CounterRandom.uniform(CounterRandom.bits(key, image), index);
  }

  /**
   * Returns a standard normal value (Box and Muller, 1958), from two of an image's uniform ones:
   * the same bits on every machine.
   *
   * @param index of the first, the other is the next
   */
  public double normal(int image, int index) {
    double radius = Math.sqrt(-2 * StrictMath.log(1 - uniform(image, index)));
    return radius * StrictMath.cos(2 * Math.PI * uniform(image, index + 1));
  }
}
