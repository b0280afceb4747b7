package org.vgg4j.backend.cuda.collective;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.javacpp.PointerPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.NcclCalls;
import org.vgg4j.collective.PeerLostException;

/**
 * NCCL's communicator of one rank. Calls come one at a time, from whatever thread, and none waits
 * for other ranks while it holds the lock. The first reason to give up counts: from then on every
 * call throws, before NCCL knows of it, so nothing that NCCL leaves unfinished is taken for a sum.
 */
final class Communicator {
  private static final Logger LOG = LoggerFactory.getLogger(Communicator.class);

  /** How long NCCL's own threads are waited for without a pause. */
  private static final long SPIN_NANOS = 1_000_000;

  /** How long an engine that cannot enqueue may keep its communicator from being given up. */
  private static final long LOCK_SECONDS = 1;

  /** How long other ranks may take to come to the end. */
  private static final long FINALIZE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final CudaContext context;
  private final String who;
  private final Settings settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicReference<String> lost = new AtomicReference<>();
  private final PointerPointer<ncclComm> place = new PointerPointer<>(1);
  private ncclComm communicator; // null where NCCL made none

  /**
   * Meets the other ranks, and waits for them.
   *
   * @throws PeerLostException when one does not come in time, or NCCL cannot reach it
   * @throws CudaException when NCCL refuses what it was given, such as one GPU for two ranks
   */
  Communicator(CudaContext context, byte[] id, int rank, int world, Settings settings) {
    this.context = context;
    this.settings = settings;
    who = "rank %d of %d".formatted(rank, world);
    context.makeCurrentAgain();
    place.put(0, null);
    int status =
        NcclCalls.ncclCommInitRankConfig(place, world, id, rank, !settings.deterministic());
    communicator = place.get(ncclComm.class, 0);
    try {
      long end = System.nanoTime() + settings.initialization().toNanos();
      while (status == NcclCalls.IN_PROGRESS) {
        if (System.nanoTime() - end > 0) {
          throw new PeerLostException(
              "%s: the other ranks did not all come within %s"
                  .formatted(who, seconds(settings.initialization())));
        }
        pause();
        status = NcclCalls.ncclCommGetAsyncError(communicator);
      }
      require("ncclCommInitRankConfig", status);
    } catch (RuntimeException | Error e) {
      lost.set("it was not made");
      abort();
      throw e;
    }
  }

  static String seconds(Duration time) {
    return time.toMillis() / 1000.0 + " s";
  }

  private void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PeerLostException(who + ": interrupted while it waited for the other ranks", e);
    }
  }

  private void require(String call, int status) {
    if (status == NcclCalls.SUCCESS) {
      return;
    }
    String text = "%s: %s failed: %s".formatted(who, call, NcclCalls.text(status));
    if (NcclCalls.isOfPeers(status)) {
      throw new PeerLostException(text);
    }
    throw new CudaException(call, status, text);
  }

  /**
   * Enqueues something. NCCL does so in a thread of its own; the stream has it when NCCL says so.
   *
   * @throws PeerLostException when ranks are lost
   * @throws CudaException when NCCL refuses what it was given
   */
  void enqueue(String call, ToIntFunction<ncclComm> function) {
    lock.lock();
    try {
      check();
      int status = function.applyAsInt(communicator);
      long start = System.nanoTime();
      while (status == NcclCalls.IN_PROGRESS) {
        long waited = System.nanoTime() - start;
        if (waited > settings.silence().toNanos()) {
          lose(call + " was not begun in " + seconds(settings.silence()));
        }
        check();
        if (waited < SPIN_NANOS) {
          Thread.onSpinWait();
        } else {
          pause();
        }
        status = NcclCalls.ncclCommGetAsyncError(communicator);
      }
      if (NcclCalls.isOfPeers(status)) {
        lose(call + ": " + NcclCalls.text(status));
        check();
      }
      require(call, status);
    } finally {
      lock.unlock();
    }
  }

  /** Does something that must not come after this is given up, nor go on meanwhile. */
  void whileAlive(Runnable work) {
    lock.lock();
    try {
      check();
      work.run();
    } finally {
      lock.unlock();
    }
  }

  /** Asks NCCL what became of its work, unless it is busy, and gives up when that failed. */
  void poll() {
    if (lost.get() == null && lock.tryLock()) {
      try {
        int state = NcclCalls.ncclCommGetAsyncError(communicator);
        if (state != NcclCalls.SUCCESS && state != NcclCalls.IN_PROGRESS) {
          lose(NcclCalls.text(state));
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Gives up, from any thread and without waiting; {@link #abort} has to follow. */
  void lose(String reason) {
    lost.compareAndSet(null, reason);
  }

  boolean isLost() {
    return lost.get() != null;
  }

  /** Throws when ranks are lost. */
  void check() {
    String reason = lost.get();
    if (reason != null) {
      throw new PeerLostException(who + ": other ranks are lost: " + reason);
    }
  }

  /**
   * Has NCCL's work end unfinished and frees what NCCL holds. NCCL waits for the end of all graphs
   * that were captured with it, so the engine's thread must be free to close them.
   */
  void abort() {
    boolean locked = false;
    try {
      locked = lock.tryLock(LOCK_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ncclComm given = communicator;
    communicator = null;
    if (locked) {
      lock.unlock(); // whoever has it next sees that this is lost
    }
    if (given != null && !given.isNull()) {
      context.makeCurrentAgain();
      int status = NcclCalls.ncclCommAbort(given);
      if (status != NcclCalls.SUCCESS && status != NcclCalls.IN_PROGRESS) {
        LOG.warn("{}: ncclCommAbort failed: {}", who, NcclCalls.text(status));
      }
    }
    place.close();
  }

  /** Ends in order: what was begun is waited for, as are the other ranks. */
  void close() {
    try {
      enqueueAtEnd();
    } catch (PeerLostException | CudaException e) {
      LOG.warn("{}: not ended in order: {}", who, e.getMessage());
      lose("it was ended");
      abort();
      return;
    }
    lose("it was closed");
    int status = NcclCalls.ncclCommDestroy(communicator);
    if (status != NcclCalls.SUCCESS) {
      LOG.warn("{}: ncclCommDestroy failed: {}", who, NcclCalls.text(status));
    }
    place.close();
  }

  private void enqueueAtEnd() {
    lock.lock();
    try {
      check();
      int status = NcclCalls.ncclCommFinalize(communicator);
      long end = System.nanoTime() + FINALIZE_NANOS;
      while (status == NcclCalls.IN_PROGRESS) {
        if (System.nanoTime() - end > 0) {
          throw new PeerLostException("the other ranks did not come to the end");
        }
        pause();
        status = NcclCalls.ncclCommGetAsyncError(communicator);
      }
      require("ncclCommFinalize", status);
    } finally {
      lock.unlock();
    }
  }
}
