package org.vgg4j.backend.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that run the engine's own Java loops. Work is split by position alone, so results
 * never depend on timing.
 */
final class Workers implements AutoCloseable {
  /** A loop over [begin, end), run by one worker. */
  interface Range {
    void run(int worker, long begin, long end);
  }

  /** Of the caller when its own part is done: sleeping and waking would often take longer. */
  private static final int SPINS = 2_000;

  private final int count;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger busy = new AtomicInteger(); // workers that are not done
  private final AtomicInteger turn = new AtomicInteger(); // counts what is handed over
  private volatile Thread waiting; // for the last worker; null while nobody sleeps
  private volatile boolean closed;
  private volatile Throwable failure;
  private Range work; // handed over by the turn
  private long length;
  private long grain;

  Workers(int count) {
    this.count = count;
    for (int worker = 1; worker < count; worker++) {
      int index = worker;
      Thread thread = new Thread(() -> loop(index), "vgg4j-worker-" + index);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  int count() {
    return count;
  }

  /** Runs {@code range} over [0, length) and waits. Each worker gets one run of whole grains. */
  void run(long elements, long grainElements, Range range) {
    if (count == 1 || elements <= grainElements) {
      range.run(0, 0, elements);
      return;
    }
    work = range;
    length = elements;
    grain = grainElements;
    busy.set(threads.size());
    turn.incrementAndGet();
    threads.forEach(LockSupport::unpark);
    try {
      part(0);
    } finally {
      await();
    }
    Throwable failed = failure;
    if (failed != null) {
      failure = null;
      throw new IllegalStateException("a worker thread failed: " + failed, failed);
    }
  }

  private void await() {
    for (int i = 0; i < SPINS && busy.get() > 0; i++) {
      Thread.onSpinWait();
    }
    if (busy.get() == 0) {
      return;
    }
    waiting = Thread.currentThread();
    boolean interrupted = false;
    while (busy.get() > 0) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted(); // the parts must end before their memory may
    }
    waiting = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void loop(int worker) {
    int seen = 0;
    while (true) {
      while (turn.get() == seen) {
        LockSupport.park(this);
        if (closed) {
          return;
        }
      }
      seen = turn.get();
      try {
        part(worker);
      } catch (Throwable e) {
        failure = e;
      }
      if (busy.decrementAndGet() == 0) {
        LockSupport.unpark(waiting);
      }
    }
  }

  private void part(int worker) {
    long grains = (length + grain - 1) / grain;
    long begin = grains * worker / count * grain;
    long end = Math.min(length, grains * (worker + 1) / count * grain);
    if (begin < end) {
      work.run(worker, begin, end);
    }
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(LockSupport::unpark);
  }
}
