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
   * Returns how long it took from the beginning of a sum until this one was in place, in
   * nanoseconds; known once this one was awaited and the engine has done what it was given. -1, the
   * default, where nobody measured it.
   *
   * @param first a sum of the same collective that was begun no later
   */
  default long nanosecondsSince(Reduction first) {
    return -1;
  }

  /**
   * Returns how long the device stood still in {@link #await}, in nanoseconds, known as above; -1,
   * the default, where it is the calling thread that waited.
   */
  default long deviceWait() {
    return -1;
  }
}
