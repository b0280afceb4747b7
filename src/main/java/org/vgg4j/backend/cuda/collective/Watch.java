package org.vgg4j.backend.cuda.collective;

import java.util.concurrent.locks.LockSupport;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;

/**
 * A thread that sees when other ranks are lost, while the engine's own thread may wait for the GPU:
 * NCCL reports an error, or work that sums does not end. It then ends NCCL's work, and with it
 * every wait.
 *
 * <p>Two events tell whether work ends. The older one stays until it has happened; the newer one
 * moves along with what is enqueued. The older one is asked only when it is overdue.
 */
final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
  private static final long INTERVAL_NANOS = 20_000_000;

  /** The share of the patience after which an event is asked for. */
  private static final int OVERDUE = 4;

  private final CudaContext context;
  private final Communicator communicator;
  private final Settings settings;
  private final Thread thread;
  private CUevent_st older;
  private CUevent_st newer;
  private boolean olderIsPending;
  private boolean newerIsPending;
  private long since; // when the older one was recorded, or became the older one
  private volatile boolean ended;

  /** Makes the events, which {@code owner} closes after the thread has ended, and starts it. */
  Watch(
      Closing owner,
      CudaContext context,
      Communicator communicator,
      Settings settings,
      String name) {
    this.context = context;
    this.communicator = communicator;
    this.settings = settings;
    older = event(owner);
    newer = event(owner);
    thread = new Thread(this::run, name);
    thread.setDaemon(true);
    thread.start();
  }

  private CUevent_st event(Closing owner) {
    CUevent_st event = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
    owner.own(() -> context.cuda().cudaEventDestroy(event));
    return event;
  }

  /** Says that what is on a stream now must end, which is not being captured. */
  synchronized void mark(CUstream_st stream) {
    if (olderIsPending) {
      context.cuda().cudaEventRecord(newer, stream);
      newerIsPending = true;
    } else {
      context.cuda().cudaEventRecord(older, stream);
      olderIsPending = true;
      since = System.nanoTime();
    }
  }

  private void run() {
    try {
      while (!ended && !communicator.isLost()) {
        LockSupport.parkNanos(INTERVAL_NANOS);
        communicator.poll();
        look();
      }
    } catch (RuntimeException | Error e) {
      communicator.lose("the GPU cannot be asked: " + e.getMessage());
    }
    if (communicator.isLost()) {
      try {
        communicator.abort();
      } catch (RuntimeException | Error e) {
        LOG.warn("NCCL's work was not ended: {}", e.getMessage());
      }
    }
  }

  private synchronized void look() {
    long now = System.nanoTime();
    long waited = now - since;
    long most = settings.silence().toNanos();
    if (!olderIsPending || waited < most / OVERDUE) {
      return;
    }
    if (context.cuda().cudaEventQuery(older)) {
      CUevent_st happened = older;
      older = newer;
      newer = happened;
      olderIsPending = newerIsPending;
      newerIsPending = false;
      since = now;
    } else if (waited > most) {
      communicator.lose("no answer for " + Communicator.seconds(settings.silence()));
    }
  }

  /** Ends NCCL's work soon, since the communicator is lost. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Ends the thread, and waits until it has ended NCCL's work, where it does that. */
  void close() {
    ended = true;
    wake();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
