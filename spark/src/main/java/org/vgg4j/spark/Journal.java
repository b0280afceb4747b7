package org.vgg4j.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.util.AccumulatorV2;

/**
 * The events of a worker, which reach the driver with Spark's heartbeats: no connection of our own,
 * and whatever Spark does to keep its own traffic safe. Each heartbeat brings the newest events
 * again; their numbers tell which of them are new.
 */
final class Journal extends AccumulatorV2<Event, Journal.Page> {
  private static final long serialVersionUID = 1L;

  /** So many of the newest are kept: far more than happen between two heartbeats. */
  private static final int KEPT = 200;

  /**
   * An event and its number, from 1.
   *
   * @param number counts all events of the worker
   */
  record Entry(long number, Event event) implements Serializable {}

  /**
   * The newest events.
   *
   * @param rank whose they are
   * @param entries in their order
   */
  record Page(int rank, List<Entry> entries) implements Serializable {
    static final Page EMPTY = new Page(-1, List.of());

    Page {
      entries = List.copyOf(entries);
    }
  }

  private volatile Page page = Page.EMPTY; // replaced: another thread sends it
  private long number;

  /** Says whose events these are. */
  void begin(int rank) {
    page = new Page(rank, List.of());
  }

  @Override
  public synchronized void add(Event event) {
    List<Entry> entries = new ArrayList<>(page.entries());
    int last = entries.size() - 1;
    if (event instanceof Event.Stepped
        && last >= 0
        && entries.get(last).event() instanceof Event.Stepped) {
      entries.remove(last); // only the newest matters
    }
    entries.add(new Entry(++number, event));
    if (entries.size() > KEPT) {
      entries.remove(0);
    }
    page = new Page(page.rank(), entries);
  }

  @Override
  public Page value() {
    return page;
  }

  @Override
  public boolean isZero() {
    return page.entries().isEmpty();
  }

  @Override
  public AccumulatorV2<Event, Page> copy() {
    Journal copy = new Journal();
    copy.page = page;
    return copy;
  }

  @Override
  public void reset() {
    page = Page.EMPTY;
  }

  @Override
  public void merge(AccumulatorV2<Event, Page> other) {
    page = other.value(); // the driver looks at each worker's own, not at this
  }
}
