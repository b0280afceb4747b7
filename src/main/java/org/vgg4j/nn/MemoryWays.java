package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Finds out which stretches of a net are worth computing again. */
final class MemoryWays {
  /** Of more stretches, only the first ones are taken together, and not all sets of them. */
  private static final int MOST_STRETCHES = 12;

  private MemoryWays() {}

  static List<MemoryWay> of(Network network) {
    Execution largest = network.executions().get(0);
    List<MemoryWay> all = new ArrayList<>();
    for (List<Integer> again : sets(largest.memory().stretches().size())) {
      all.add(way(network, largest, again));
    }
    all.sort(
        Comparator.comparingLong(MemoryWay::extraMultiplyAdds)
            .thenComparingLong(MemoryWays::bytes));
    List<MemoryWay> worthwhile = new ArrayList<>();
    for (MemoryWay way : all) {
      if (worthwhile.isEmpty() || bytes(way) < bytes(worthwhile.get(worthwhile.size() - 1))) {
        worthwhile.add(way);
      }
    }
    return worthwhile;
  }

  private static long bytes(MemoryWay way) {
    return way.plan().totalBytes(0);
  }

  private static List<List<Integer>> sets(int count) {
    if (count > MOST_STRETCHES) {
      return IntStream.rangeClosed(0, count)
          .mapToObj(end -> IntStream.range(0, end).boxed().toList())
          .toList();
    }
    return IntStream.range(0, 1 << count)
        .mapToObj(
            bits -> IntStream.range(0, count).filter(i -> (bits >> i & 1) == 1).boxed().toList())
        .toList();
  }

  private static MemoryWay way(Network network, Execution largest, List<Integer> again) {
    long extra =
        largest.againMultiplyAdds()
            + again.stream()
                .mapToLong(i -> largest.memory().stretches().get(i).multiplyAdds())
                .sum();
    return new MemoryWay(
        network.options().recomputation().withStages(again),
        network.memoryPlan(again),
        extra,
        largest.multiplyAdds());
  }
}
