package org.vgg4j.collective;

/** A sum over all ranks that is under way. */
public interface Reduction {
  /**
   * Waits until the sum is in place, for whatever is handed to the engine from now on. On a GPU it
   * is the device that waits, not this thread.
   *
   * @throws PeerLostException when another rank is gone or does not answer
   */
  void await();

  /**
   * Returns how long the sum took from its beginning until it was in place, in nanoseconds; known
   * after {@link #await}. -1, the default, where nobody measured it.
   */
  default long nanoseconds() {
    return -1;
  }
}
