package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.LeavesNothing;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.testing.LocalRanks;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** A run that ranks share which meet on the host and add up between their GPUs, as Spark's do. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaRanksRunTest {
  /** Of the loss: roundings of single precision, over an epoch of a small net. */
  private static final double TOLERANCE = 1e-4;

  @TempDir private Path folder;

  /** Ranks that cannot add up what lies on a GPU. */
  private record OnTheHost(Collective ranks) implements Collective {
    @Override
    public int rank() {
      return ranks.rank();
    }

    @Override
    public int world() {
      return ranks.world();
    }

    @Override
    public String description() {
      return ranks.description();
    }

    @Override
    public Reduction begin(Arena slab, DType type, long from, long count) {
      throw new AssertionError("this is for a GPU");
    }

    @Override
    public void broadcast(Arena slab, DType type, long from, long count) {
      throw new AssertionError("this is for a GPU");
    }

    @Override
    public void sum(double[] values) {
      ranks.sum(values);
    }

    @Override
    public byte[] broadcast(byte[] bytes) {
      return ranks.broadcast(bytes);
    }

    @Override
    public byte[][] gather(byte[] bytes) {
      return ranks.gather(bytes);
    }

    @Override
    public void abort() {
      ranks.abort();
    }

    @Override
    public boolean reachesDevices() {
      return false;
    }

    @Override
    public void close() {
      ranks.close();
    }
  }

  @BeforeEach
  void twoGpus() {
    StandIn.devices(2);
  }

  private EpochMetrics train(Collective ranks, String... others) {
    RunPlan plan =
        TinyRuns.plan(TinyRuns.settings(others), 1, line -> {})
            .withCudaLibraries(CudaUnderTest.libraries())
            .withCollective(ranks);
    try (TrainingRun run = TrainingRun.create(plan, folder.resolve("of " + ranks.world()))) {
      return run.fit(new TrainingListener() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String[] settings(int gpu, String... others) {
    List<String> all =
        new ArrayList<>(
            List.of("device", "cuda:" + gpu, "deterministic", "true", "epochs", "1", "seed", "5"));
    all.addAll(List.of(others));
    return all.toArray(String[]::new);
  }

  @Test
  void normsAddUpBetweenTheGpus() {
    EpochMetrics one = train(Collective.alone(), settings(0));
    List<EpochMetrics> two =
        LocalRanks.all(
            2, rank -> train(new OnTheHost(rank), settings(rank.rank(), "syncBatchNorm", "true")));
    assertEquals(two.get(0).timeless(), two.get(1).timeless());
    double difference = Math.abs(two.get(0).trainLoss() - one.trainLoss());
    assertTrue(difference <= TOLERANCE * one.trainLoss(), () -> "the loss is off by " + difference);
    assertEquals(one.trainAccuracy(), two.get(0).trainAccuracy());
  }
}
