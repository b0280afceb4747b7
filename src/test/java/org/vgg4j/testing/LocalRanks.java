package org.vgg4j.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.LocalCollective;

/** Runs something on several ranks, a thread each. */
public final class LocalRanks {
  private LocalRanks() {}

  /** Returns what each rank returned; the first failure of a rank is thrown. */
  public static <T> List<T> all(int world, Function<Collective, T> work) {
    List<T> results = new ArrayList<>();
    for (Object outcome : outcomes(world, work)) {
      if (outcome instanceof RuntimeException e) {
        throw e;
      }
      if (outcome instanceof Error e) {
        throw e;
      }
      @SuppressWarnings("unchecked")
      T result = (T) outcome;
      results.add(result);
    }
    return results;
  }

  /** Returns what each rank returned or threw. */
  public static List<Object> outcomes(int world, Function<Collective, ?> work) {
    List<Collective> ranks = LocalCollective.of(world, Duration.ofSeconds(60));
    ExecutorService threads = Executors.newFixedThreadPool(world);
    try {
      List<Future<Object>> running = new ArrayList<>();
      for (Collective rank : ranks) {
        Callable<Object> own =
            () -> {
              try (rank) {
                return work.apply(rank);
              }
            };
        running.add(threads.submit(own));
      }
      List<Object> outcomes = new ArrayList<>();
      for (Future<Object> each : running) {
        try {
          outcomes.add(each.get(120, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
          outcomes.add(e.getCause());
        }
      }
      return outcomes;
    } catch (InterruptedException | TimeoutException e) {
      throw new IllegalStateException("a rank hangs", e);
    } finally {
      threads.shutdownNow();
    }
  }
}
