package org.vgg4j.run;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.vgg4j.train.TrainingListener;

/**
 * Says once when another program takes processors that the CPU engine's threads want: every
 * operation ends when its slowest thread does, so one thread that waits for a processor stops all.
 */
final class BusyNeighbour implements TrainingListener {
  /** Steps before the processors are looked at: what is compiled meanwhile would count. */
  private static final int WARM_UP_STEPS = 3;

  /** Less is too short for the clock of /proc/stat. */
  private static final double LEAST_SECONDS = 2;

  /** What other programs may use beside all threads without a word. */
  private static final double TOLERATED = 0.4;

  private final int threads;
  private final int usable;
  private final Supplier<ProcessorUse> reading;
  private final Consumer<String> report;
  private int steps;
  private ProcessorUse first;
  private boolean done;

  /**
   * Watches a training.
   *
   * @param threads how many compute on the host
   * @param usable how many processors this process may use
   * @param reading reads what the processors have done; null where nothing tells
   * @param report takes the line
   */
  BusyNeighbour(int threads, int usable, Supplier<ProcessorUse> reading, Consumer<String> report) {
    this.threads = threads;
    this.usable = usable;
    this.reading = reading;
    this.report = report;
    done = threads < 2;
  }

  @Override
  public void stepDone(long step) {
    if (done || ++steps < WARM_UP_STEPS) {
      return;
    }
    ProcessorUse now = reading.get();
    if (now == null) {
      done = true;
    } else if (first == null) {
      first = now;
      // A container may have a few of the machine's processors; who works on the others is no
      // concern.
      done = now.processors() != usable;
    } else if (now.wall() - first.wall() >= LEAST_SECONDS) {
      done = true;
      tell(now.others(first), now.processors());
    }
  }

  private void tell(double others, int processors) {
    if (!(threads + others > processors + TOLERATED)) {
      return;
    }
    long taken = Math.max(1, Math.round(others));
    report.accept(
        String.format(
            Locale.ROOT,
            "another program uses about %d of %d processors, and all threads wait for the one that"
                + " has none: --threads %d would probably be faster (4 times for a small net on 2"
                + " processors), with other bits",
            taken,
            processors,
            Math.max(1, processors - taken)));
  }
}
