package org.vgg4j.train;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.collective.Collective;
import org.vgg4j.nn.Counter;
import org.vgg4j.nn.Network;
import org.vgg4j.optim.WeightAverage;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;

/** Gives every rank what rank 0 has: the net, what its updates go on from, and the position. */
final class CommonStart {
  private final Network network;
  private final Collective collective;
  private final List<Slab> slabs = new ArrayList<>();

  CommonStart(Network network, TrainingStep step, Collective collective) {
    this.network = network;
    this.collective = collective;
    Backend backend = network.backend();
    DType master = backend.types().master();
    DType statistics = backend.types().statistics();
    add(network.slabs().masters(), master);
    add(network.statistics(), statistics);
    step.optimizer().slabs().forEach(slab -> add(slab, master));
    WeightAverage average = step.average();
    if (average != null) {
      add(average.weights(), master);
      add(average.statistics(), statistics);
    }
  }

  private void add(Arena arena, DType type) {
    if (arena != null) {
      slabs.add(Slab.of(network.backend(), arena, type));
    }
  }

  /** Returns rank 0's position, once all tensors are rank 0's. */
  TrainingState take(TrainingState own) {
    List<Counter> counters = network.counters();
    byte[] sent =
        collective.broadcast(
            collective.rank() == 0
                ? StateBytes.encode(own, counters.stream().map(Counter::value).toList())
                : new byte[0]);
    slabs.forEach(slab -> slab.broadcast(collective));
    network.refreshCompute();
    long[] counts = new long[counters.size()];
    TrainingState state = StateBytes.decode(sent, counts);
    for (int i = 0; i < counts.length; i++) {
      counters.get(i).value(counts[i]);
    }
    return state;
  }
}
