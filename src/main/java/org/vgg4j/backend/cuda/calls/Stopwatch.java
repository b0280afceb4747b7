package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;

/**
 * Times work on the GPU. Short work is run many times between two events, or else the host's time
 * to enqueue it would count.
 */
public final class Stopwatch {
  private static final int ROUNDS = 3;

  /** So much work is timed at once. */
  private static final double ROUND_MILLIS = 5;

  private static final int MOST_RUNS = 100;

  private final CudaContext context;
  private final CUevent_st start;
  private final CUevent_st end;

  /** Creates the events; {@code owner} destroys them. */
  public Stopwatch(Closing owner, CudaContext context) {
    this.context = context;
    start = event(owner);
    end = event(owner);
  }

  private CUevent_st event(Closing owner) {
    CUevent_st event = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDefault);
    owner.own(() -> context.cuda().cudaEventDestroy(event));
    return event;
  }

  /** Returns the shortest time of one run in milliseconds, after one that loads the kernels. */
  public double shortest(Runnable work) {
    return shortest(work, Double.POSITIVE_INFINITY);
  }

  /**
   * As {@link #shortest(Runnable)}.
   *
   * @param hopeless work that takes longer than so many milliseconds is timed once only
   */
  public double shortest(Runnable work, double hopeless) {
    work.run();
    double first = millis(work, 1);
    if (first > hopeless) {
      return first;
    }
    int runs = (int) Math.min(MOST_RUNS, Math.ceil(ROUND_MILLIS / first)); // of 0 ms, the most
    double shortest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
      shortest = Math.min(shortest, millis(work, runs) / runs);
    }
    return shortest;
  }

  private double millis(Runnable work, int runs) {
    context.cuda().cudaEventRecord(start, context.stream());
    for (int i = 0; i < runs; i++) {
      work.run();
    }
    context.cuda().cudaEventRecord(end, context.stream());
    context.cuda().cudaEventSynchronize(end);
    return context.cuda().cudaEventElapsedTime(start, end);
  }
}
