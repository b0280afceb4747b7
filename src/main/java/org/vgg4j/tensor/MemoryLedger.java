package org.vgg4j.tensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who holds an engine's memory. Every allocation of an engine has an {@link Entry} here while it
 * lives. Any thread may use it.
 *
 * <p>With the system property {@value #TRACE} set to true when the engine is opened, each entry
 * also keeps the Java lines that made it.
 */
public final class MemoryLedger {
  /** The system property that asks for the Java lines. */
  public static final String TRACE = "vgg4j.memory.trace";

  private static final Logger LOG = LoggerFactory.getLogger(MemoryLedger.class);

  /** How many lines of an allocation are kept: the engine's own, and enough of its callers. */
  private static final int LINES = 5;

  private final String engine;
  private final boolean traces = Boolean.getBoolean(TRACE);
  private final Map<Key, Count> owners = new LinkedHashMap<>();
  private final Map<MemorySpace, Count> totals = new LinkedHashMap<>();
  private final Set<Entry> live = new LinkedHashSet<>();

  private record Key(String owner, MemorySpace space) {}

  /** Bytes now and at most. */
  private static final class Count {
    private long bytes;
    private long peak;
    private int allocations;

    void add(long more) {
      bytes += more;
      peak = Math.max(peak, bytes);
      allocations++;
    }

    void remove(long less) {
      bytes -= less;
      allocations--;
    }
  }

  /** One allocation; closing says that it was freed. */
  public final class Entry implements AutoCloseable {
    private final Key key;
    private final long bytes;
    private final String place; // null unless traced

    private Entry(Key key, long bytes, String place) {
      this.key = key;
      this.bytes = bytes;
      this.place = place;
    }

    private MemoryUse.Allocation allocation() {
      return new MemoryUse.Allocation(key.owner, key.space, bytes, place);
    }

    @Override
    public void close() {
      free(this);
    }
  }

  /**
   * Opens a ledger.
   *
   * @param engine the engine's name, for messages
   */
  public MemoryLedger(String engine) {
    this.engine = engine;
    for (MemorySpace space : MemorySpace.values()) {
      totals.put(space, new Count());
    }
  }

  /** Enters an allocation that was made. */
  public synchronized Entry enter(String owner, MemorySpace space, long bytes) {
    Entry entry = new Entry(new Key(owner, space), bytes, traces ? place() : null);
    owners.computeIfAbsent(entry.key, key -> new Count()).add(bytes);
    totals.get(space).add(bytes);
    live.add(entry);
    return entry;
  }

  private synchronized void free(Entry entry) {
    if (live.remove(entry)) {
      owners.get(entry.key).remove(entry.bytes);
      totals.get(entry.key.space).remove(entry.bytes);
    }
  }

  /** Returns the lines outside this class and the one that allocates, innermost first. */
  private static String place() {
    return StackWalker.getInstance()
        .walk(
            frames -> {
              List<StackWalker.StackFrame> stack =
                  frames
                      .dropWhile(frame -> frame.getClassName().equals(MemoryLedger.class.getName()))
                      .limit(64)
                      .toList();
              String allocator = stack.isEmpty() ? "" : stack.get(0).getClassName();
              return stack.stream()
                  .dropWhile(frame -> frame.getClassName().equals(allocator))
                  .filter(frame -> !frame.getClassName().equals(Closing.class.getName()))
                  .filter(frame -> !frame.getMethodName().startsWith("lambda$"))
                  .limit(LINES)
                  .map(MemoryLedger::line)
                  .collect(Collectors.joining(" < "));
            });
  }

  private static String line(StackWalker.StackFrame frame) {
    String type = frame.getClassName().substring(frame.getClassName().lastIndexOf('.') + 1);
    return "%s.%s(%s:%d)"
        .formatted(type, frame.getMethodName(), frame.getFileName(), frame.getLineNumber());
  }

  /** Returns what is held now. */
  public synchronized MemoryUse use() {
    List<MemoryUse.Owner> rows = new ArrayList<>();
    owners.forEach(
        (key, count) ->
            rows.add(
                new MemoryUse.Owner(
                    key.owner, key.space, count.bytes, count.peak, count.allocations)));
    rows.sort(Comparator.comparingLong(MemoryUse.Owner::bytes).reversed());
    return new MemoryUse(
        total(MemorySpace.DEVICE),
        total(MemorySpace.PINNED),
        rows,
        live.stream().map(Entry::allocation).toList());
  }

  private MemoryUse.Total total(MemorySpace space) {
    Count count = totals.get(space);
    return new MemoryUse.Total(count.bytes, count.peak);
  }

  /** Logs a line for each allocation that is still alive; for the end of an engine. */
  public void logLeaks() {
    for (MemoryUse.Allocation leak : use().live()) {
      LOG.warn("the {} engine was closed and this was not: {}", engine, leak.line());
    }
  }
}
