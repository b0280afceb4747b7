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
  private List<Reduction> done = List.of(); // the sums of the last step
  private long waited; // for them, by this thread, in nanoseconds

  GradientReduction(DataParallel ranks, Slab gradients) {
    collective = ranks.collective();
    this.gradients = gradients;
    int elementBytes = gradients.elementBytes();
    long bytes = gradients.elements() * elementBytes;
    piece = Math.max(1, DataParallel.pieceBytes(ranks.bucketBytes(), bytes) / elementBytes);
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
    begun.add(collective.begin(gradients.arena(), gradients.type(), from, end - from));
    end = from;
  }

  /** Waits until the sums are in place. */
  void await() {
    long wait = System.nanoTime();
    begun.forEach(Reduction::await);
    waited = System.nanoTime() - wait;
    done = List.copyOf(begun);
    begun.clear();
    end = gradients.elements();
  }

  /**
   * Returns how long the last step's sums took, null before the first; known once the engine has
   * done what it was given.
   */
  ReductionTime last() {
    if (done.isEmpty()) {
      return null;
    }
    long whole = 0;
    long still = 0;
    for (Reduction sum : done) {
      long took = sum.nanosecondsSince(done.get(0));
      if (took < 0) {
        return new ReductionTime(Double.NaN, waited / 1e6);
      }
      whole = Math.max(whole, took);
      still += sum.deviceWait() < 0 ? 0 : sum.deviceWait();
    }
    boolean isOfDevice = done.get(0).deviceWait() >= 0;
    long wait = isOfDevice ? Math.min(still, whole) : waited; // the device's clock rounds
    return new ReductionTime(whole / 1e6, wait / 1e6);
  }

  /** Returns whether sums are under way, which may still write to the gradients. */
  boolean isUnderWay() {
    return !begun.isEmpty();
  }
}
