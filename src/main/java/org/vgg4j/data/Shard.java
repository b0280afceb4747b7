package org.vgg4j.data;

import org.vgg4j.tensor.InvalidInputException;

/**
 * One device's part of a training that several share: of every batch it takes a slice.
 *
 * @param rank which of them, from 0
 * @param world how many there are
 */
public record Shard(int rank, int world) {
  /** The only device, which takes all. */
  public static final Shard WHOLE = new Shard(0, 1);

  /** Checks the fields. */
  public Shard {
    if (world < 1 || rank < 0 || rank >= world) {
      throw new InvalidInputException(
          "rank must be between 0 and " + (world - 1) + ", not " + rank);
    }
  }

  /** Returns where its slice of {@code count} things begins: slices differ by one at most. */
  public int begin(int count) {
    return (int) ((long) count * rank / world);
  }

  /** Returns where its slice of {@code count} things ends. */
  public int end(int count) {
    return (int) ((long) count * (rank + 1) / world);
  }
}
