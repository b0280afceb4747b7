package org.vgg4j.data.loading;

import org.vgg4j.tensor.InvalidInputException;

/**
 * One device's share of a training: a slice of every batch.
 *
 * @param rank the device's number, from 0
 * @param world the number of devices
 */
public record Shard(int rank, int world) {
  /** A single device, which takes everything. */
  public static final Shard WHOLE = new Shard(0, 1);

  /** Checks the fields. */
  public Shard {
    InvalidInputException.requireAtLeast(1, "world", world);
    if (rank < 0 || rank >= world) {
      throw new InvalidInputException(
          "rank must be between 0 and " + (world - 1) + ", not " + rank);
    }
  }

  /** Returns where its slice of {@code count} items begins; slices differ by at most one. */
  public int begin(int count) {
    return (int) ((long) count * rank / world);
  }

  /** Returns where its slice of {@code count} items ends. */
  public int end(int count) {
    return (int) ((long) count * (rank + 1) / world);
  }
}
