package org.vgg4j.collective;

import java.util.List;

/**
 * What a training step would take with several workers, from what it takes with one. Gradients
 * travel in pieces of the slab, from its end, each as soon as the backward has computed it and the
 * piece before has arrived; what is not there when the backward ends is waited for. Nobody is slow,
 * and no cable is shared: real clusters do worse.
 *
 * @param layers in the order of the forward, as their gradients lie in the slab
 * @param stepSeconds of a step on one worker
 * @param bucketBytes of a piece
 */
public record Scaling(List<Layer> layers, double stepSeconds, int bucketBytes) {
  /** The backward's share of a step's time: two products for each one of the forward. */
  private static final double BACKWARD_SHARE = 2.0 / 3;

  /**
   * A layer.
   *
   * @param gradientBytes of its parameters, 0 for one without
   * @param work in any unit: its share of the backward
   */
  public record Layer(long gradientBytes, double work) {}

  /**
   * Between any two workers.
   *
   * @param bytesPerSecond in each direction
   * @param latencySeconds until the first byte arrives
   */
  public record Link(double bytesPerSecond, double latencySeconds) {}

  /** How sums are taken. */
  public enum Way {
    /** Each sends an N-th to the next, 2 (N-1) times. */
    RING {
      @Override
      double seconds(double bytes, int workers, Link link) {
        return 2
            * (workers - 1)
            * (link.latencySeconds() + bytes / workers / link.bytesPerSecond());
      }
    },
    /** Up a binary tree and down again, as a stream. */
    TREE {
      @Override
      double seconds(double bytes, int workers, Link link) {
        double levels = Math.ceil(Math.log(workers) / Math.log(2) - 1e-9);
        return 2 * levels * link.latencySeconds() + 2 * bytes / link.bytesPerSecond();
      }
    };

    /** Returns how long a sum of so many bytes takes, at least two workers. */
    abstract double seconds(double bytes, int workers, Link link);
  }

  /** Copies the list. */
  public Scaling {
    layers = List.copyOf(layers);
  }

  /** Returns the bytes of all gradients. */
  public long slabBytes() {
    return layers.stream().mapToLong(Layer::gradientBytes).sum();
  }

  /**
   * Returns the seconds of a step.
   *
   * @param workers at least 1
   * @param compute the share of the step on one worker that each computes: 1 when each has as many
   *     images, an N-th when they divide them
   */
  public double stepSeconds(int workers, double compute, Link link, Way way) {
    double alone = stepSeconds * compute;
    if (workers == 1) {
      return alone;
    }
    double work = layers.stream().mapToDouble(Layer::work).sum();
    double now = alone * (1 - BACKWARD_SHARE);
    double arrived = now; // when the last piece so far is summed
    long end = slabBytes(); // of what has not begun to travel
    long begin = end; // of the layer at hand
    for (int i = layers.size() - 1; i >= 0; i--) {
      now += alone * BACKWARD_SHARE * layers.get(i).work() / work;
      begin -= layers.get(i).gradientBytes();
      while (end - begin >= bucketBytes || (i == 0 && end > 0)) {
        long bytes = Math.min(bucketBytes, end);
        arrived = Math.max(arrived, now) + way.seconds((double) bytes, workers, link);
        end -= bytes;
      }
    }
    return Math.max(alone, arrived);
  }
}
