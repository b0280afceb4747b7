package org.vgg4j.tensor;

/** Work of an engine that was written down once and can be run again and again. */
public interface Recorded extends AutoCloseable {
  /** Runs the work: the same operations over the same memory, with what lies there now. */
  void run();

  /** Releases what the recording took; the work cannot be run any more. */
  @Override
  default void close() {}
}
