package org.vgg4j.backend.cuda.collective;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.collective.Reduction;

/** A sum under way, whose events serve another one once it was awaited. */
final class NcclSum implements Reduction {
  /**
   * The events of a sum.
   *
   * @param begun before it, on the sums' stream
   * @param summed after it
   * @param awaited where the engine's stream comes to it
   */
  record Events(CUevent_st begun, CUevent_st summed, CUevent_st awaited) {}

  private final CudaContext context;
  private final Events events;
  private final Runnable check; // throws when ranks are lost
  private final Runnable release; // gives the events back
  private final boolean isTimed; // what is captured has no times
  private boolean isAwaited;

  NcclSum(CudaContext context, Events events, Runnable check, Runnable release) {
    this.context = context;
    this.events = events;
    this.check = check;
    this.release = release;
    isTimed = !context.isCapturing();
  }

  @Override
  public void await() {
    check.run();
    if (!isAwaited) {
      isAwaited = true;
      if (isTimed) {
        context.cuda().cudaEventRecord(events.awaited(), context.stream());
      }
      context.cuda().cudaStreamWaitEvent(context.stream(), events.summed());
      release.run();
    }
  }

  @Override
  public long nanosecondsSince(Reduction first) {
    return isTimed ? between(((NcclSum) first).events.begun(), events.summed()) : -1;
  }

  @Override
  public long deviceWait() {
    return isTimed ? Math.max(0, between(events.awaited(), events.summed())) : -1;
  }

  private long between(CUevent_st start, CUevent_st end) {
    return (long) (context.cuda().cudaEventElapsedTime(start, end) * 1e6);
  }
}
