package org.vgg4j.collective;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Where the threads of a training meet. The n-th meeting of each rank is the same meeting; the last
 * to come does the work for all.
 */
final class MeetingRoom {
  /** How often a rank that waits looks whether the threads of the others are there. */
  private static final long LOOK_MILLIS = 50;

  private final int world;
  private final long patienceNanos;
  private final Map<Long, Meeting> open = new HashMap<>(); // those that not all have come to
  private final long[] next; // by rank: the number of its next meeting
  private final Thread[] threads; // by rank, null before its first meeting
  private int working; // meetings whose result is being made
  private final String[] gone; // by rank: what became of it, null while it is there

  MeetingRoom(int world, Duration patience) {
    this.world = world;
    patienceNanos = patience.toNanos();
    next = new long[world];
    threads = new Thread[world];
    gone = new String[world];
  }

  int world() {
    return world;
  }

  /** Comes to the next meeting and waits for its result. */
  Object meet(int rank, String what, Object own, Function<Object[], Object> maker) {
    return await(rank, enter(rank, what, own, maker));
  }

  /**
   * Comes to the next meeting.
   *
   * @param what it is about, which all ranks must agree on
   * @param own what the rank brings
   * @param maker makes the result of what all bring
   */
  Meeting enter(int rank, String what, Object own, Function<Object[], Object> maker) {
    Meeting meeting;
    synchronized (this) {
      requireHere(rank);
      threads[rank] = Thread.currentThread();
      long number = next[rank]++;
      meeting = open.computeIfAbsent(number, n -> new Meeting(what, world));
      if (!meeting.what().equals(what)) {
        String other =
            "rank %d came for %s and another for %s".formatted(rank, what, meeting.what());
        fail(meeting, other);
        throw new IllegalStateException(other + ": all ranks must do the same in the same order");
      }
      boolean isLast = meeting.add(rank, own);
      if (!isLast) {
        return meeting;
      }
      open.remove(number);
      working++;
    }
    try {
      Object made = meeting.make(maker);
      synchronized (this) {
        meeting.end(made);
      }
    } finally {
      synchronized (this) {
        working--;
        fail(meeting, "rank " + rank + " could not do " + what); // unless it is done
      }
    }
    return meeting;
  }

  private void fail(Meeting meeting, String why) {
    meeting.fail(why);
    notifyAll();
  }

  private void requireHere(int rank) {
    if (gone[rank] != null) {
      throw new PeerLostException("rank %d itself %s".formatted(rank, gone[rank]));
    }
  }

  /** Waits until a meeting that the rank has come to is done; returns its result. */
  synchronized Object await(int rank, Meeting meeting) {
    long begin = System.nanoTime();
    while (!meeting.isDone()) {
      requireHere(rank);
      if (meeting.failure() != null) {
        throw new PeerLostException(meeting.failure());
      }
      if (!meeting.isWorking()) {
        requireOthers(rank, meeting, System.nanoTime() - begin);
      }
      try {
        wait(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new PeerLostException("rank " + rank + " was interrupted while it waited", e);
      }
    }
    return meeting.result();
  }

  private void requireOthers(int rank, Meeting meeting, long waited) {
    for (int other = 0; other < world; other++) {
      if (meeting.has(other)) {
        continue;
      }
      String why =
          gone[other] != null
              ? gone[other]
              : threads[other] != null && !threads[other].isAlive()
                  ? "has ended"
                  : waited > patienceNanos
                      ? "did not come within %.0f s".formatted(patienceNanos / 1e9)
                      : null;
      if (why != null) {
        String lost =
            "rank %d %s; rank %d waited for %s".formatted(other, why, rank, meeting.what());
        fail(meeting, lost);
        throw new PeerLostException(lost);
      }
    }
  }

  /**
   * A rank leaves; meetings that it has come to and others have not are not held. When this
   * returns, nobody uses its memory any more.
   */
  synchronized void leave(int rank, String how) {
    boolean isInterrupted = false;
    while (working > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
    if (gone[rank] != null) {
      return;
    }
    gone[rank] = how;
    for (Meeting meeting : open.values()) {
      if (meeting.has(rank)) {
        fail(meeting, "rank %d %s before %s was done".formatted(rank, how, meeting.what()));
      }
    }
    notifyAll();
  }
}
