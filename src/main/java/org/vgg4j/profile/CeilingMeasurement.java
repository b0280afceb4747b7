package org.vgg4j.profile;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * Measures what an engine does at most, through its own operations and in its own precision: a ReLU
 * that reads and writes more than caches hold, and a square matrix product. Both grow until a run
 * takes long enough to be measured.
 */
public final class CeilingMeasurement {
  private static final int COLUMNS = 1 << 12;
  private static final long FIRST_ELEMENTS = 1L << 20;
  private static final long MOST_ELEMENTS = 1L << 26;
  private static final int FIRST_SIDE = 256;
  private static final int MOST_SIDE = 8192;

  /** A product of this length is long enough; on a GPU the largest takes less. */
  private static final double LONG_MILLIS = 3;

  /** A pass over memory of this length likewise; it must be larger than caches. */
  private static final double PASS_MILLIS = 15;

  /** The shortest of so many rounds counts: other programs disturb some of them. */
  private static final int ROUNDS = 30;

  /** No more rounds begin after so long. */
  private static final double MOST_MILLIS = 150;

  /** A round lasts about as long. */
  private static final double ROUND_MILLIS = 2;

  private static final int MOST_RUNS = 50;

  /** The share of free memory that a measurement takes at most. */
  private static final int SHARE = 4;

  private final Backend backend;

  private CeilingMeasurement(Backend backend) {
    this.backend = backend;
  }

  /**
   * Measures an engine within a quarter of its free memory, which is free again afterwards.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when even a few MiB are not there
   */
  public static Ceilings of(Backend backend) {
    CeilingMeasurement measurement = new CeilingMeasurement(backend);
    return new Ceilings(measurement.bytesPerSecond(), measurement.multiplyAddsPerSecond());
  }

  private DType type() {
    return backend.types().activation();
  }

  private double bytesPerSecond() {
    double best = 0;
    for (long elements = FIRST_ELEMENTS; elements <= MOST_ELEMENTS; elements *= 4) {
      long bytes = elements * type().bytes();
      if (best > 0 && 2 * bytes > backend.availableBytes() / SHARE) {
        break;
      }
      Layout layout = backend.plainLayout(Shape.of((int) (elements / COLUMNS), COLUMNS), type());
      try (Arena from = backend.allocate(Arena.align(bytes), MemoryOwner.TIMING);
          Arena into = backend.allocate(Arena.align(bytes), MemoryOwner.TIMING);
          ReluPlan plan = backend.relu(layout, Usage.INFERENCE)) {
        Tensor x = from.tensor(0, layout);
        Tensor y = into.tensor(0, layout);
        double millis = millis(() -> plan.forward(x, y));
        best = 2 * bytes / millis * 1e3; // of the largest, which caches hold least of
        if (millis > PASS_MILLIS) {
          break;
        }
      }
    }
    return best;
  }

  private double multiplyAddsPerSecond() {
    double best = 0;
    for (int side = FIRST_SIDE; side <= MOST_SIDE; side *= 2) {
      long bytes = (long) side * side * type().bytes();
      if (best > 0 && 3 * bytes > backend.availableBytes() / SHARE) {
        break;
      }
      double millis = product(side);
      best = Math.max(best, (double) side * side * side / millis * 1e3);
      if (millis > LONG_MILLIS) {
        break;
      }
    }
    return best;
  }

  /** Returns the milliseconds of a product of two matrices of {@code side} rows and columns. */
  private double product(int side) {
    Layout layout = backend.plainLayout(Shape.of(side, side), type());
    LinearSpec spec = new LinearSpec(side, side, false);
    Layout vector = backend.plainLayout(spec.b(), backend.types().master());
    try (WeightedPlan plan = backend.linear(spec, layout, null, Usage.INFERENCE);
        Arena x = backend.allocate(Arena.align(layout.bytes()), MemoryOwner.TIMING);
        Arena w = backend.allocate(Arena.align(plan.w().bytes()), MemoryOwner.TIMING);
        Arena y = backend.allocate(Arena.align(plan.y().bytes()), MemoryOwner.TIMING);
        Arena b = backend.allocate(Arena.align(vector.bytes()), MemoryOwner.TIMING)) {
      backend.allocateWorkspace();
      Tensor from = x.tensor(0, layout);
      Tensor by = w.tensor(0, plan.w());
      Tensor added = b.tensor(0, vector);
      Tensor into = y.tensor(0, plan.y());
      return millis(() -> plan.forward(from, by, added, into));
    }
  }

  /** Returns the time of one of many runs, in the fastest of several rounds. */
  private double millis(Runnable work) {
    round(work, 1);
    double shortest = round(work, 1);
    int runs = (int) Math.min(MOST_RUNS, Math.max(1, Math.ceil(ROUND_MILLIS / shortest)));
    double left = MOST_MILLIS;
    for (int i = 0; i < ROUNDS && left > 0; i++) {
      double millis = round(work, runs);
      left -= millis;
      shortest = Math.min(shortest, millis / runs);
    }
    return shortest;
  }

  private double round(Runnable work, int runs) {
    backend.synchronize();
    long begin = System.nanoTime();
    for (int i = 0; i < runs; i++) {
      work.run();
    }
    backend.synchronize();
    return Math.max(1, System.nanoTime() - begin) / 1e6;
  }
}
