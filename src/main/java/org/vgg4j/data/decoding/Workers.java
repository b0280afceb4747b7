package org.vgg4j.data.decoding;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Threads that share numbered tasks. */
final class Workers {
  /** One task. */
  interface Task {
    /** Does the task of a number; a failure ends them all. */
    void run(int number) throws Exception;
  }

  private Workers() {}

  /**
   * Runs the tasks 0..count-1 in about that order and waits for their end.
   *
   * @throws Exception the first failure, after the tasks that were under way
   */
  static void run(int threads, int count, Task task) throws Exception {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread[] workers = new Thread[Math.max(1, Math.min(threads, count))];
    for (int i = 0; i < workers.length; i++) {
      workers[i] =
          new Thread(
              () -> {
                try {
                  for (int number = next.getAndIncrement();
                      number < count && failure.get() == null;
                      number = next.getAndIncrement()) {
                    task.run(number);
                  }
                } catch (Throwable e) {
                  failure.compareAndSet(null, e);
                }
              },
              "vgg4j-decoding-" + i);
      workers[i].setDaemon(true);
      workers[i].start();
    }
    try {
      for (Thread worker : workers) {
        worker.join();
      }
    } catch (InterruptedException e) {
      failure.compareAndSet(null, e); // the others end by themselves
      throw e;
    }
    if (failure.get() instanceof Exception e) {
      throw e;
    }
    if (failure.get() instanceof Error e) {
      throw e;
    }
  }
}
