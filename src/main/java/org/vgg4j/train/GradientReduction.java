package org.vgg4j.train;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.nn.Stage;

/**
 * Adds up the gradients of all ranks in pieces of a slab. A backward comes from its end, so the
 * last piece begins first and travels while the stages before it are computed. All ranks cut in the
 * same places.
 */
final class GradientReduction {
  private final Collective collective;
  private final Slab gradients;
  private final long piece; // in elements
  private final List<Reduction> begun = new ArrayList<>();
  private long end; // of what is not begun, in elements
  private final List<Long> starts = new ArrayList<>(); // of those begun, in System.nanoTime()
  private ReductionTime last; // null before the first

  GradientReduction(DataParallel ranks, Slab gradients) {
    collective = ranks.collective();
    this.gradients = gradients;
    piece = Math.max(1, ranks.bucketBytes() / gradients.elementBytes());
    end = gradients.elements();
  }

  /** The gradients of a stage and of all behind it are there. */
  void done(Stage stage) {
    while (end - stage.firstElement() >= piece) {
      begin(end - piece);
    }
  }

  /** All gradients are there. */
  void allDone() {
    while (end > 0) {
      begin(Math.max(0, end - piece));
    }
  }

  private void begin(long from) {
    starts.add(System.nanoTime());
    begun.add(collective.begin(gradients.arena(), gradients.type(), from, end - from));
    end = from;
  }

  /** Waits until the sums are in place. */
  void await() {
    long wait = System.nanoTime();
    begun.forEach(Reduction::await);
    last = time((System.nanoTime() - wait) / 1e6);
    begun.clear();
    starts.clear();
    end = gradients.elements();
  }

  private ReductionTime time(double waitMillis) {
    long whole = 0;
    for (int i = 0; i < begun.size(); i++) {
      long took = begun.get(i).nanoseconds();
      if (took < 0) {
        return new ReductionTime(Double.NaN, waitMillis);
      }
      whole = Math.max(whole, starts.get(i) - starts.get(0) + took);
    }
    return new ReductionTime(whole / 1e6, waitMillis);
  }

  /** Returns how long the last step's sums took, null before the first. */
  ReductionTime last() {
    return last;
  }

  /** Returns whether sums are under way, which may still write to the gradients. */
  boolean isUnderWay() {
    return !begun.isEmpty();
  }
}
