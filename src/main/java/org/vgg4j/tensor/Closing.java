package org.vgg4j.tensor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;

/**
 * The things one owner must close: in reverse order of creation, every one, the first failure
 * thrown with the rest suppressed.
 */
public final class Closing implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /**
   * Makes something that owns parts: its constructor gets what to own them with, and what it made
   * so far is closed when it fails.
   */
  public static <T> T building(Function<Closing, T> constructor) {
    Closing owned = new Closing();
    try {
      return constructor.apply(owned);
    } catch (RuntimeException | Error e) {
      owned.abandon(e);
      throw e;
    }
  }

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
    } catch (Throwable e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    Throwable first = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Throwable e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first instanceof Error error) {
      throw error;
    }
    if (first instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (first != null) {
      throw new IllegalStateException(first);
    }
  }
}
