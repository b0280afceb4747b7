package org.vgg4j.backend.cuda.calls;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;

/**
 * Events around everything that is enqueued on the engine's stream. They are created when they are
 * first needed and used again for the next step.
 */
public final class LaunchTimes implements AutoCloseable {
  private final CudaContext context;
  private final Closing owned = new Closing();
  private final List<CUevent_st> events = new ArrayList<>();
  private final List<Launch> launches = new ArrayList<>();
  private int used; // of the events
  private int begun; // the event before the launch under way

  /**
   * A launch.
   *
   * @param what the kernel, or the library and what it chose
   * @param begin the number of the event before it
   * @param end the number of the event behind it
   */
  public record Launch(String what, int begin, int end) {}

  public LaunchTimes(CudaContext context) {
    this.context = context;
  }

  /** Forgets all launches. */
  public void reset() {
    launches.clear();
    used = 0;
  }

  /** Enqueues an event; returns its number. */
  public int mark() {
    if (used == events.size()) {
      CUevent_st event = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDefault);
      events.add(event);
      owned.own(() -> context.cuda().cudaEventDestroy(event));
    }
    context.cuda().cudaEventRecord(events.get(used), context.streamForTiming());
    return used++;
  }

  /** A launch follows. */
  public void begin() {
    begun = mark();
  }

  /** The launch that {@link #begin} announced was enqueued. */
  public void end(String what) {
    launches.add(new Launch(what, begun, mark()));
  }

  /** Returns how many launches there are since {@link #reset}. */
  public int count() {
    return launches.size();
  }

  /** Returns the launches from one number to before another. */
  public List<Launch> launches(int from, int to) {
    return launches.subList(from, to);
  }

  /** Returns the milliseconds between two events; the second must have happened. */
  public double millis(int from, int to) {
    return context.cuda().cudaEventElapsedTime(events.get(from), events.get(to));
  }

  @Override
  public void close() {
    owned.close();
  }
}
