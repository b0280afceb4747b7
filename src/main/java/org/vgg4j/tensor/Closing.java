package org.vgg4j.tensor;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The things one owner must close: in reverse order of creation, every one, the first failure
 * thrown with the rest suppressed.
 */
public final class Closing implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /** Adds something to close and returns it. */
  public <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /**
   * Closes what was built so far, adding failures to {@code cause}; for a constructor that cannot
   * finish.
   */
  public void abandon(Throwable cause) {
    try {
      close();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    RuntimeException first = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first =
              e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
