package org.vgg4j.collective;

import java.util.function.Function;

/** What all ranks do together once; its {@link MeetingRoom} guards it. */
final class Meeting {
  private final String what;
  private final Object[] brought; // by rank, null for those that are not there
  private int present;
  private Object result;
  private boolean done;
  private boolean working; // the last to come makes the result
  private String failure; // null while it may still be held
  private volatile long endNanos;

  Meeting(String what, int world) {
    this.what = what;
    brought = new Object[world];
  }

  String what() {
    return what;
  }

  /** Takes what a rank brings; returns whether all are there. */
  boolean add(int rank, Object own) {
    brought[rank] = own;
    working = ++present == brought.length && failure == null;
    return working;
  }

  boolean has(int rank) {
    return brought[rank] != null;
  }

  /** Makes the result, outside the room's lock. */
  Object make(Function<Object[], Object> maker) {
    return maker.apply(brought);
  }

  void end(Object made) {
    result = made;
    endNanos = System.nanoTime();
    done = true;
    working = false;
  }

  void fail(String why) {
    working = false;
    if (failure == null && !done) {
      failure = why;
    }
  }

  boolean isDone() {
    return done;
  }

  boolean isWorking() {
    return working;
  }

  String failure() {
    return failure;
  }

  Object result() {
    return result;
  }

  /** Returns when it was done, in the time of {@link System#nanoTime}. */
  long endNanos() {
    return endNanos;
  }
}
