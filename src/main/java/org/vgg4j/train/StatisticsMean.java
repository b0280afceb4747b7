package org.vgg4j.train;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;

/**
 * Replaces the running statistics, after each step, by their mean over the ranks. Each rank's norms
 * see its own images only; since a running average is linear, the mean is what one norm with the
 * mean of all ranks' statistics would have. So the ranks stay alike, and a checkpoint of one is one
 * of all.
 */
final class StatisticsMean implements AutoCloseable {
  private final Collective collective;
  private final Slab statistics;
  private final List<Buffer> moved; // in the order of the slab
  private final boolean isAll; // of the statistics
  private final Closing closing = new Closing();
  private final Arena mean;
  private final AveragePlan plan;
  private final List<Reduction> begun = new ArrayList<>();

  StatisticsMean(Network network, Collective collective) {
    this.collective = collective;
    Backend backend = network.backend();
    Arena arena = network.statistics();
    statistics = Slab.of(backend, arena, backend.types().statistics());
    moved = network.buffers().stream().filter(b -> !b.isFrozen()).toList();
    isAll = moved.size() == network.buffers().size();
    try {
      mean = closing.own(backend.allocate(arena.bytes(), MemoryOwner.STATISTICS));
      plan = closing.own(backend.average(1 - 1.0 / collective.world(), arena, mean));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** The step's forward passes are done. Frozen statistics stay: a division could round them. */
  void begin() {
    if (isAll) {
      begin(0, statistics.elements());
      return;
    }
    for (Buffer buffer : moved) {
      long bytes = Arena.align(buffer.layout().bytes());
      begin(buffer.offsetBytes() / statistics.elementBytes(), bytes / statistics.elementBytes());
    }
  }

  private void begin(long from, long count) {
    begun.add(collective.begin(statistics.arena(), statistics.type(), from, count));
  }

  /** Waits for the sums and divides them. */
  void await() {
    begun.forEach(Reduction::await);
    begun.clear();
    mean.zero();
    plan.run();
    if (isAll) {
      plan.exchange();
      return;
    }
    moved.forEach(buffer -> buffer.value().copyFrom(buffer.in(mean)));
  }

  boolean isUnderWay() {
    return !begun.isEmpty();
  }

  @Override
  public void close() {
    closing.close();
  }
}
