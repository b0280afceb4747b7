package org.vgg4j.collective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.LocalRanks;

/** Ranks that are threads. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalCollectiveTest {
  private static final int COUNT = 10_000; // more than two chunks

  /** Several sums under way, awaited in another order; elements beside them stay. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void sumsAreThoseOfAllRanksInTheirOrder(String device) {
    List<double[]> all =
        LocalRanks.all(
            3,
            rank -> {
              try (Backend backend = Backends.open(device).backend()) {
                DType type = backend.types().master();
                Layout layout = backend.plainLayout(Shape.of(COUNT), type);
                try (Arena slab = backend.allocate(layout.bytes())) {
                  Tensor tensor = slab.tensor(0, layout);
                  tensor.upload(values(rank.rank()));
                  Reduction last = rank.begin(slab, type, 5000, 4999);
                  Reduction first = rank.begin(slab, type, 1, 4999);
                  first.await();
                  last.await();
                  assertTrue(last.nanosecondsSince(last) >= 0);
                  double[] sums = new double[COUNT];
                  tensor.download(sums);
                  assertEquals(values(rank.rank())[0], (float) sums[0]);
                  rank.broadcast(slab, type, 0, 1);
                  tensor.download(sums);
                  return sums;
                }
              }
            });
    float[][] given = {values(0), values(1), values(2)};
    for (double[] sums : all) {
      assertArrayEquals(all.get(0), java.util.Arrays.copyOf(withLast(sums, all.get(0)), COUNT));
      assertEquals(given[0][0], (float) sums[0]);
      for (int i = 1; i < COUNT - 1; i++) {
        boolean isSingle = device.equals("cpu");
        double expected =
            isSingle
                ? given[0][i] + given[1][i] + given[2][i]
                : (double) given[0][i] + given[1][i] + given[2][i];
        assertEquals(expected, sums[i]);
      }
    }
  }

  /** The last element belongs to each rank. */
  private static double[] withLast(double[] sums, double[] others) {
    double[] copy = sums.clone();
    copy[COUNT - 1] = others[COUNT - 1];
    return copy;
  }

  private static float[] values(int rank) {
    float[] values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = (float) Math.sin(i * (rank + 1.1)) * (rank == 1 ? 1e4f : 1);
    }
    return values;
  }

  @Test
  void valuesAndBytesTravel() {
    List<String> all =
        LocalRanks.all(
            3,
            rank -> {
              double[] sums = {rank.rank() + 1, 0.1};
              rank.sum(sums);
              byte[] sent = rank.broadcast(new byte[] {(byte) (7 + rank.rank())});
              byte[][] gathered = rank.gather(new byte[rank.rank()]);
              return "%s %s %s %d %d"
                  .formatted(sums[0], sums[1], sent[0], gathered.length, gathered[2].length);
            });
    for (String each : all) {
      assertEquals("6.0 " + (0.1 + 0.1 + 0.1) + " 7 3 2", each);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"abort", "close", "end"})
  void aRankThatIsGoneIsNoticed(String how) throws Exception {
    List<Collective> ranks = LocalCollective.of(3);
    CompletableFuture<String> waiting = new CompletableFuture<>();
    Thread first =
        new Thread(
            () -> {
              try {
                ranks.get(0).sum(new double[1]);
                ranks.get(0).sum(new double[1]);
                waiting.complete("nothing");
              } catch (PeerLostException e) {
                waiting.complete(e.getMessage());
              }
            });
    first.start();
    Thread second =
        new Thread(
            () -> {
              ranks.get(1).sum(new double[1]);
              switch (how) {
                case "abort" -> ranks.get(1).abort();
                case "close" -> ranks.get(1).close();
                default -> {}
              }
            });
    second.start();
    ranks.get(2).sum(new double[1]);
    PeerLostException lost =
        assertThrows(PeerLostException.class, () -> ranks.get(2).sum(new double[1]));
    assertTrue(lost.getMessage().contains("rank 1 "), lost.getMessage());
    assertTrue(waiting.get(20, TimeUnit.SECONDS).contains("rank 1 "), waiting::join);
    first.join();
    second.join();
    if (!how.equals("end")) {
      assertThrows(PeerLostException.class, () -> ranks.get(1).sum(new double[1]));
    }
  }

  @Test
  void aRankThatDoesNotComeIsGivenUp() {
    Collective rank = LocalCollective.of(2, Duration.ofMillis(200)).get(0);
    PeerLostException lost = assertThrows(PeerLostException.class, () -> rank.gather(new byte[0]));
    assertTrue(lost.getMessage().startsWith("rank 1 did not come within"), lost.getMessage());
  }

  @Test
  void ranksThatDoDifferentThingsAreToldSo() {
    List<Object> outcomes =
        LocalRanks.outcomes(
            2,
            rank -> {
              rank.sum(new double[1 + rank.rank()]);
              return null;
            });
    assertTrue(outcomes.stream().anyMatch(IllegalStateException.class::isInstance));
    assertTrue(
        outcomes.stream()
            .allMatch(o -> o instanceof PeerLostException || o instanceof IllegalStateException));
  }

  @Test
  void factsAreCompared() {
    List<Object> outcomes =
        LocalRanks.outcomes(
            2,
            rank -> {
              Agreement.require(rank, Map.of("seed", "" + rank.rank()));
              return null;
            });
    for (Object outcome : outcomes) {
      InvalidInputException refusal = assertInstanceOf(InvalidInputException.class, outcome);
      assertEquals("rank 1 differs from rank 0: seed is 1 there, not 0", refusal.getMessage());
    }
  }
}
