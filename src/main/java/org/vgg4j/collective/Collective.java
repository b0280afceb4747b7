package org.vgg4j.collective;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;

/**
 * The ranks of a training, seen from one of them: each holds the same net and adds its gradients to
 * those of the others.
 *
 * <p>All ranks call the same methods in the same order with the same counts. Results are the same
 * bits on every rank. Use one only on its engine's thread; {@link #abort} alone may be called from
 * any.
 */
public interface Collective extends AutoCloseable {
  /** Returns the collective of a training on one rank, for which nothing is to be done. */
  static Collective alone() {
    return OneRank.INSTANCE;
  }

  /** Returns this rank, from 0. */
  int rank();

  /** Returns the number of ranks, at least 1. */
  int world();

  /**
   * Returns one line that says what adds up: the library, its version and the way between ranks.
   */
  String description();

  /**
   * Begins to replace elements by their sums over all ranks. They may be neither read nor written
   * before {@link Reduction#await}. Several sums may be under way, and are awaited in any order.
   *
   * @param slab memory of an engine, of which {@link Arena#elements} tells where it lies
   * @param type of its elements, floating-point
   * @param from the first element
   * @param count the number of elements, at least 1
   * @throws org.vgg4j.tensor.InvalidInputException when this cannot work on such memory
   * @throws PeerLostException when another rank is gone or does not answer
   */
  Reduction begin(Arena slab, DType type, long from, long count);

  /**
   * Replaces elements by those of rank 0, and waits.
   *
   * @throws PeerLostException when another rank is gone or does not answer
   */
  void broadcast(Arena slab, DType type, long from, long count);

  /**
   * Replaces each value by its sum over all ranks, in the order of the ranks, and waits: for
   * losses, counts and what little else the host knows.
   *
   * @throws PeerLostException when another rank is gone or does not answer
   */
  void sum(double[] values);

  /**
   * Returns bytes of rank 0, which alone gives them, to every rank, and waits.
   *
   * @param bytes rank 0's; not read elsewhere
   * @throws PeerLostException when another rank is gone or does not answer
   */
  byte[] broadcast(byte[] bytes);

  /**
   * Returns the bytes that each rank gives, in the order of the ranks, and waits.
   *
   * @throws PeerLostException when another rank is gone or does not answer
   */
  byte[][] gather(byte[] bytes);

  /**
   * Ends what is under way on this rank, which then throws {@link PeerLostException}, as does all
   * that follows. Other ranks notice that this one is gone.
   */
  void abort();

  /**
   * Returns whether this adds up what lies on a GPU. A training on one that is shared otherwise
   * adds through NCCL, and does all else with this.
   */
  default boolean reachesDevices() {
    return true;
  }

  /**
   * Has something done as soon as another rank is known to be lost, on any thread, by a collective
   * that {@link #reachesDevices} says nothing good of; others need not.
   */
  default void onLoss(Runnable action) {}

  @Override
  void close();
}
