package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;

/** Times work on the GPU. */
public final class Stopwatch {
  private static final int ROUNDS = 3;

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

  /** Returns the shortest of a few times in milliseconds, after one run that loads the kernels. */
  public double shortest(Runnable work) {
    double shortest = Double.POSITIVE_INFINITY;
    work.run();
    for (int i = 0; i < ROUNDS; i++) {
      shortest = Math.min(shortest, once(work));
    }
    return shortest;
  }

  /** Returns the time of one run in milliseconds. */
  public double once(Runnable work) {
    context.cuda().cudaEventRecord(start, context.stream());
    work.run();
    context.cuda().cudaEventRecord(end, context.stream());
    context.cuda().cudaEventSynchronize(end);
    return context.cuda().cudaEventElapsedTime(start, end);
  }
}
