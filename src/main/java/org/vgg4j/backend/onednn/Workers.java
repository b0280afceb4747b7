package org.vgg4j.backend.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;

/**
 * The threads that run the engine's own Java loops. Work is split by position alone, so results
 * never depend on timing.
 */
final class Workers implements AutoCloseable {
  /** A loop over [begin, end), run by one worker. */
  interface Range {
    void run(int worker, long begin, long end);
  }

  private final int count;
  private final CyclicBarrier start;
  private final CyclicBarrier done;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;
  private volatile Throwable failure;
  private Range work; // handed over by the barriers
  private long length;
  private long grain;

  Workers(int count) {
    this.count = count;
    start = new CyclicBarrier(count);
    done = new CyclicBarrier(count);
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
    await(start);
    try {
      part(0);
    } finally {
      await(done);
    }
    Throwable failed = failure;
    if (failed != null) {
      failure = null;
      throw new IllegalStateException("a worker thread failed: " + failed, failed);
    }
  }

  private void loop(int worker) {
    while (true) {
      try {
        await(start);
        part(worker);
      } catch (Throwable e) {
        if (closed) {
          return;
        }
        failure = e;
      }
      await(done);
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException("the worker threads were interrupted during a step", e);
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
    threads.forEach(Thread::interrupt);
  }
}
