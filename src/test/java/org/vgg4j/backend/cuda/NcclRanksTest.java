package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Recorded;

/** Sums between GPUs, each with an engine in a thread of its own. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class NcclRanksTest {
  private static final int COUNT = 3000;
  private static final int REPLAYS = 4;

  @BeforeEach
  void severalGpus() {
    StandIn.devices(3);
  }

  private static double summed(int world, int element) {
    double sum = 0;
    for (int rank = 0; rank < world; rank++) {
      sum += Slab.value(rank, element);
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"2, F32", "3, F32", "3, F64"})
  void everyRankHasTheSum(int world, DType type) {
    double[] expected = new double[COUNT];
    Arrays.setAll(expected, i -> summed(world, i));
    Ranks.of(world)
        .results(
            (backend, collective) -> {
              try (Slab slab = new Slab(backend, type, COUNT).fill(collective.rank())) {
                Reduction last = slab.begin(collective, 1001, COUNT - 1001);
                Reduction first = slab.begin(collective, 0, 1001);
                first.await();
                last.await();
                return slab.values();
              }
            })
        .forEach(values -> assertArrayEquals(expected, values));
  }

  @Test
  void partsThatAreNotSummedStay() {
    List<double[]> all =
        Ranks.of(2)
            .results(
                (backend, collective) -> {
                  try (Slab slab = new Slab(backend, DType.F32, 10).fill(collective.rank())) {
                    slab.begin(collective, 3, 4).await();
                    return slab.values();
                  }
                });
    for (int rank = 0; rank < 2; rank++) {
      for (int i = 0; i < 10; i++) {
        double expected = i >= 3 && i < 7 ? summed(2, i) : Slab.value(rank, i);
        assertEquals(expected, all.get(rank)[i]);
      }
    }
  }

  @Test
  void roundedNumbersAreTheSameBitsEverywhere() {
    List<double[]> all =
        Ranks.of(3)
            .results(
                (backend, collective) -> {
                  try (Slab slab = new Slab(backend, DType.BF16, 500).fill(collective.rank())) {
                    slab.begin(collective, 0, 500).await();
                    return slab.values();
                  }
                });
    for (int i = 0; i < 500; i++) {
      double error = Math.abs(all.get(0)[i] - summed(3, i));
      assertTrue(error <= 0x1p-7 * summed(3, i) * 2, "a sum of three rounded to 8 bits");
    }
    assertArrayEquals(all.get(0), all.get(1));
    assertArrayEquals(all.get(0), all.get(2));
  }

  @Test
  void rankZeroGivesAndTheHostsExchange() {
    Ranks.of(3)
        .results(
            (backend, collective) -> {
              int rank = collective.rank();
              try (Slab slab = new Slab(backend, DType.F32, 20).fill(rank)) {
                collective.broadcast(slab.arena(), DType.F32, 5, 15);
                double[] values = slab.values();
                assertEquals(Slab.value(rank, 4), values[4]);
                assertEquals(Slab.value(0, 5), values[5]);
              }
              // In the order of the ranks, or the small one would be lost in another sum.
              double[] sums = {new double[] {1e16, 1, -1e16}[rank], rank};
              collective.sum(sums);
              assertArrayEquals(new double[] {1e16 + 1 - 1e16, 3}, sums);
              byte[] text = "from rank 0".getBytes(StandardCharsets.UTF_8);
              assertArrayEquals(text, collective.broadcast(rank == 0 ? text : null));
              byte[][] all = collective.gather(new byte[rank * 3000]);
              for (int other = 0; other < 3; other++) {
                assertEquals(other * 3000, all[other].length);
              }
              byte[][] marked = collective.gather(new byte[] {(byte) rank});
              assertArrayEquals(new byte[][] {{0}, {1}, {2}}, marked);
              return null;
            });
  }

  /** What the engine does before a sum, sums, and what it does with them, again and again. */
  private static double[] steps(CudaBackend backend, Collective collective, boolean awaits) {
    try (Slab gradients = new Slab(backend, DType.F32, COUNT);
        Slab fresh = new Slab(backend, DType.F32, COUNT).fill(collective.rank());
        Slab total = new Slab(backend, DType.F32, COUNT)) {
      AccumulatePlan give = backend.accumulate(fresh.arena(), gradients.arena());
      AccumulatePlan take = backend.accumulate(gradients.arena(), total.arena());
      Runnable step =
          () -> {
            gradients.arena().zero();
            give.run();
            Reduction last = gradients.begin(collective, COUNT / 2, COUNT - COUNT / 2);
            Reduction first = gradients.begin(collective, 0, COUNT / 2);
            if (awaits) {
              last.await();
              first.await();
            }
            take.run();
          };
      step.run();
      try (Recorded recorded = backend.record(step)) {
        for (int i = 0; i < REPLAYS; i++) {
          recorded.run();
        }
        return total.values();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, true, 2", "1, true, 3", "2, true, 2", "3, true, 2", "1, false, 2"})
  void recordedStepsSumInWhateverOrder(long seed, boolean graph, int world) {
    StandIn.shuffle(seed);
    double[] expected = new double[COUNT];
    Arrays.setAll(expected, i -> summed(world, i) * (1 + REPLAYS));
    Ranks.of(world)
        .on(CudaOptions.STRICT.withGraph(graph))
        .results((backend, collective) -> steps(backend, collective, true))
        .forEach(values -> assertArrayEquals(expected, values));
    long launches = StandIn.calls("cudaGraphLaunch");
    assertEquals(graph ? (long) world * REPLAYS : 0, launches);
  }

  @Test
  void theOrderOfAdditionsIsPinnedInAProcessThatIsDeterministic() {
    Ranks.of(1)
        .results(
            (backend, collective) -> {
              assertTrue(
                  collective
                      .description()
                      .endsWith("1 GPU, NCCL_ALGO=Ring, NCCL_PROTO=Simple, NCCL_NVLS_ENABLE=0"),
                  collective.description());
              return null;
            });
    assertEquals(
        List.of("NCCL_ALGO=Ring", "NCCL_PROTO=Simple", "NCCL_NVLS_ENABLE=0"),
        StandIn.ncclEnvironment());
  }

  @ParameterizedTest
  @ValueSource(ints = {2})
  void memoryStaysFlat(int world) {
    Ranks.of(world)
        .results(
            (backend, collective) -> {
              try (Slab slab = new Slab(backend, DType.F32, 64).fill(collective.rank())) {
                run(slab, collective, 200);
                long bytes = backend.memory().device().bytes();
                long events = StandIn.live().get("events");
                run(slab, collective, 1000);
                assertEquals(bytes, backend.memory().device().bytes());
                collective.sum(new double[1]);
                assertTrue(StandIn.live().get("events") <= events + 2);
                return null;
              }
            });
    System.gc();
    assertTrue(Pointer.totalBytes() >= 0);
  }

  private static void run(Slab slab, Collective collective, int count) {
    for (int i = 0; i < count; i++) {
      slab.begin(collective, 0, 64).await();
      slab.values();
    }
  }
}
