package org.vgg4j.backend.cuda;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.vgg4j.collective.Collective;

/**
 * Ranks as threads of this process, each with a GPU and an engine of its own.
 *
 * @param world how many there are
 * @param engine the options of every engine, but for its GPU
 * @param nccl how they meet and wait
 */
public record Ranks(int world, CudaOptions engine, NcclOptions nccl) {
  /** Far less than any wait of a test that works. */
  public static final NcclOptions PATIENT =
      new NcclOptions(Duration.ofSeconds(60), Duration.ofSeconds(60), null);

  /** What a rank does. */
  @FunctionalInterface
  public interface Part<T> {
    T of(CudaBackend backend, Collective collective) throws Exception;
  }

  /** What became of a rank. */
  public record Outcome<T>(T result, Throwable failure) {
    public T orThrow() {
      if (failure != null) {
        throw new AssertionError(failure);
      }
      return result;
    }
  }

  /** Returns strict engines that wait for each other. */
  public static Ranks of(int world) {
    return new Ranks(world, CudaOptions.STRICT, PATIENT);
  }

  Ranks waiting(Duration patience) {
    return new Ranks(world, engine, new NcclOptions(nccl.initialization(), patience, null));
  }

  /** Returns the same on engines with other options. */
  public Ranks on(CudaOptions options) {
    return new Ranks(world, options, nccl);
  }

  /** Has all ranks do their parts, and returns what came of them. */
  public <T> List<Outcome<T>> run(Part<T> part) {
    byte[] id = NcclRanks.newId(CudaUnderTest.libraries(), nccl);
    ExecutorService threads = Executors.newFixedThreadPool(world);
    try {
      List<Future<T>> all = new ArrayList<>();
      for (int rank = 0; rank < world; rank++) {
        all.add(threads.submit(part(part, id, rank)));
      }
      List<Outcome<T>> outcomes = new ArrayList<>();
      for (Future<T> one : all) {
        outcomes.add(outcome(one));
      }
      return outcomes;
    } finally {
      threads.shutdown();
    }
  }

  /** As {@link #run}, where no rank may fail. */
  public <T> List<T> results(Part<T> part) {
    return run(part).stream().map(Outcome::orThrow).toList();
  }

  private <T> Callable<T> part(Part<T> part, byte[] id, int rank) {
    return () -> {
      try (CudaBackend backend = CudaUnderTest.open(engine.withDevice(rank));
          Collective collective = NcclRanks.join(backend, id, rank, world, nccl)) {
        try {
          return part.of(backend, collective);
        } catch (Exception | Error e) {
          collective.abort(); // or the others would wait
          throw e;
        }
      }
    };
  }

  private static <T> Outcome<T> outcome(Future<T> one) {
    try {
      return new Outcome<>(one.get(), null);
    } catch (ExecutionException e) {
      return new Outcome<>(null, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
