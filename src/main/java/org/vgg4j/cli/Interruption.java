package org.vgg4j.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM while a command runs: asks it to stop and holds the end of the process until
 * it has. The JVM then ends with 130 or 143 by itself. A second Ctrl-C ends it at once.
 */
final class Interruption implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 300;

  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean happened;

  /** Calls {@code stop} when the process is asked to end. */
  Interruption(Runnable stop) {
    hook =
        new Thread(
            () -> {
              happened = true;
              stop.run();
              try {
                finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "vgg4j-interruption");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      happened = true; // the process was asked to end before this
      stop.run();
    }
    SecondInterrupt.install();
  }

  /** Returns whether the process was asked to end. */
  boolean happened() {
    return happened;
  }

  @Override
  public void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      happened = true; // the process is ending already, and the hook runs or has run
    }
  }
}
