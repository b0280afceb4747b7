package org.vgg4j.tensor;

/**
 * Whose an engine is: the first thread that uses it, until that thread lets go of it or ends.
 * Checking costs a comparison.
 */
public final class ThreadOwner {
  private final String engine;
  private volatile Thread owner;

  /** Creates an owner record without an owner; {@code engine} is for the message. */
  public ThreadOwner(String engine) {
    this.engine = engine;
  }

  /**
   * Takes the engine for the calling thread, or sees that it has it.
   *
   * @throws IllegalStateException when it belongs to another thread
   */
  public void check() {
    if (owner != Thread.currentThread()) {
      claim();
    }
  }

  private synchronized void claim() {
    Thread present = owner;
    if (present != null && present.isAlive()) {
      throw new IllegalStateException(
          "the %s engine belongs to thread '%s' and was used by '%s'; call release() on the first, or open an engine for each"
              .formatted(engine, present.getName(), Thread.currentThread().getName()));
    }
    owner = Thread.currentThread();
  }

  /**
   * Lets go of the engine, so that the next thread to use it has it.
   *
   * @throws IllegalStateException when it belongs to another thread
   */
  public void release() {
    check();
    owner = null;
  }
}
