package org.vgg4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShuffleTest {
  /** The draws are fixed, so a p-value below this is a fault of the shuffle and not bad luck. */
  private static final double SMALLEST_P = 0.001;

  /** A change of any of these changes every run that could be repeated. */
  @Test
  void isPinned() {
    // With mix, key and bits of CounterRandomTest.isPinned:
    // def permutation(n, seed, epoch):
    //   k = key(seed, int.from_bytes(b'SHUFFLE1', 'big'), epoch); o = list(range(n))
    //   for i in range(n - 1, 0, -1):
    //     j = (bits(k, i) >> 32) * (i + 1) >> 32; o[i], o[j] = o[j], o[i]
    //   return o
    // print(permutation(10, 0, 0), permutation(10, 0, 1), permutation(10, 1, 0),
    //       permutation(10, M, 2), permutation(60000, 42, 0)[:5])
    assertArrayEquals(new int[] {5, 4, 3, 2, 1, 8, 9, 6, 7, 0}, Shuffle.permutation(10, 0, 0));
    assertArrayEquals(new int[] {6, 3, 8, 9, 7, 2, 0, 4, 5, 1}, Shuffle.permutation(10, 0, 1));
    assertArrayEquals(new int[] {8, 0, 7, 5, 2, 3, 9, 6, 1, 4}, Shuffle.permutation(10, 1, 0));
    assertArrayEquals(new int[] {9, 7, 4, 3, 5, 2, 8, 0, 6, 1}, Shuffle.permutation(10, -1, 2));
    assertArrayEquals(
        new int[] {1610, 30215, 10455, 12720, 27159},
        Arrays.copyOf(Shuffle.permutation(60_000, 42, 0), 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 64, 1000, 60_000})
  void itIsAPermutation(int count) {
    for (int epoch = 0; epoch < 3; epoch++) {
      int[] order = Shuffle.permutation(count, 42, epoch);
      Arrays.sort(order);
      assertArrayEquals(IntStream.range(0, count).toArray(), order);
    }
  }

  @Test
  void itIsAFunctionOfItsArguments() {
    assertArrayEquals(Shuffle.permutation(1000, 7, 3), Shuffle.permutation(1000, 7, 3));
  }

  @Test
  void epochsAndSeedsDiffer() {
    Set<List<Integer>> seen = new HashSet<>();
    for (long seed = -5; seed < 5; seed++) {
      for (int epoch = 0; epoch < 20; epoch++) {
        seen.add(Arrays.stream(Shuffle.permutation(50, seed, epoch)).boxed().toList());
      }
    }
    assertEquals(200, seen.size());
  }

  /** Each of the 24 orders of four as often as any other, along epochs and along seeds. */
  @Test
  void allOrdersAreAlikeFrequent() {
    int draws = 24_000;
    long[] byEpoch = new long[24];
    long[] bySeed = new long[24];
    for (int i = 0; i < draws; i++) {
      byEpoch[rank(Shuffle.permutation(4, 1, i))]++;
      bySeed[rank(Shuffle.permutation(4, i, 0))]++;
    }
    assertUniform(byEpoch, draws);
    assertUniform(bySeed, draws);
  }

  /** Each place of a longer order gets each image as often as any other. */
  @Test
  void allPlacesAreAlikeFrequent() {
    int count = 20;
    int draws = 10_000;
    long[][] hits = new long[count][count];
    for (int epoch = 0; epoch < draws; epoch++) {
      int[] order = Shuffle.permutation(count, 3, epoch);
      for (int place = 0; place < count; place++) {
        hits[place][order[place]]++;
      }
    }
    for (long[] place : hits) {
      assertUniform(place, draws);
    }
  }

  private static void assertUniform(long[] hits, int draws) {
    double[] expected = new double[hits.length];
    Arrays.fill(expected, (double) draws / hits.length);
    double p = new ChiSquareTest().chiSquareTest(expected, hits);
    assertTrue(p > SMALLEST_P, () -> "p = " + p + " of " + Arrays.toString(hits));
  }

  /** Returns the number of an order of four among the 24. */
  private static int rank(int[] order) {
    int rank = 0;
    for (int i = 0; i < 4; i++) {
      int smaller = 0;
      for (int j = i + 1; j < 4; j++) {
        smaller += order[j] < order[i] ? 1 : 0;
      }
      rank = rank * (4 - i) + smaller;
    }
    return rank;
  }
}
