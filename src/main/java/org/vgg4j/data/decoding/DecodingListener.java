package org.vgg4j.data.decoding;

/** Hears how a cache comes about. Calls come one at a time, from any thread. */
public interface DecodingListener {
  /** Ignores everything. */
  DecodingListener NONE = new DecodingListener() {};

  /**
   * Called when decoding begins, once an image, and at the end.
   *
   * @param name of the pictures
   * @param done how many files are decoded, those that could not be read among them
   * @param total how many there are
   */
  default void progress(String name, int done, int total) {}

  /** Called with a line for the user: a file left out, a damaged cache, waiting for a process. */
  default void report(String line) {}
}
