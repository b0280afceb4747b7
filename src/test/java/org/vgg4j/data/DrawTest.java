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

class DrawTest {
  /** The draws are fixed, so a p-value below this is a fault of the draws and not bad luck. */
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
    assertArrayEquals(new int[] {5, 4, 3, 2, 1, 8, 9, 6, 7, 0}, new Draw(0, 0).permutation(10));
    assertArrayEquals(new int[] {6, 3, 8, 9, 7, 2, 0, 4, 5, 1}, new Draw(0, 1).permutation(10));
    assertArrayEquals(new int[] {8, 0, 7, 5, 2, 3, 9, 6, 1, 4}, new Draw(1, 0).permutation(10));
    assertArrayEquals(new int[] {9, 7, 4, 3, 5, 2, 8, 0, 6, 1}, new Draw(-1, 2).permutation(10));
    assertArrayEquals(
        new int[] {1610, 30215, 10455, 12720, 27159},
        Arrays.copyOf(new Draw(42, 0).permutation(60_000), 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 64, 1000, 60_000})
  void itIsAPermutation(int count) {
    for (int epoch = 0; epoch < 3; epoch++) {
      int[] order = new Draw(42, epoch).permutation(count);
      Arrays.sort(order);
      assertArrayEquals(IntStream.range(0, count).toArray(), order);
    }
  }

  @Test
  void itIsAFunctionOfItsArguments() {
    assertArrayEquals(new Draw(7, 3).permutation(1000), new Draw(7, 3).permutation(1000));
  }

  @Test
  void epochsAndSeedsDiffer() {
    Set<List<Integer>> seen = new HashSet<>();
    for (long seed = -5; seed < 5; seed++) {
      for (int epoch = 0; epoch < 20; epoch++) {
        seen.add(Arrays.stream(new Draw(seed, epoch).permutation(50)).boxed().toList());
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
      byEpoch[rank(new Draw(1, i).permutation(4))]++;
      bySeed[rank(new Draw(i, 0).permutation(4))]++;
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
      int[] order = new Draw(3, epoch).permutation(count);
      for (int place = 0; place < count; place++) {
        hits[place][order[place]]++;
      }
    }
    for (long[] place : hits) {
      assertUniform(place, draws);
    }
  }

  @Test
  void uniformIsPinned() {
    // With mix, key and bits of CounterRandomTest.isPinned:
    // def uniform(seed, epoch, image, index):
    //   k = key(seed, int.from_bytes(b'IMAGES01', 'big'), epoch)
    //   return (bits(bits(k, image), index) >> 11) * 2.0 ** -53
    // print(uniform(0, 0, 0, 0), uniform(1, 2, 3, 4), uniform(M, 9, 59999, 1))
    assertEquals(0.8075625387623484, new Draw(0, 0).uniform(0, 0));
    assertEquals(0.9203440547367959, new Draw(1, 2).uniform(3, 4));
    assertEquals(0.4217543538387357, new Draw(-1, 9).uniform(59999, 1));
  }

  /** Neither the order of the draws nor what else is drawn matters. */
  @Test
  void aValueIsAFunctionOfItsArguments() {
    double[][] forward = new double[50][4];
    for (int image = 0; image < 50; image++) {
      for (int index = 0; index < 4; index++) {
        forward[image][index] = new Draw(7, 3).uniform(image, index);
      }
    }
    Draw draw = new Draw(7, 3);
    draw.permutation(100);
    for (int index = 3; index >= 0; index--) {
      for (int image = 49; image >= 0; image--) {
        assertEquals(forward[image][index], draw.uniform(image, index));
      }
    }
  }

  @Test
  void everyArgumentCounts() {
    Set<Double> seen = new HashSet<>();
    for (long seed = -3; seed < 3; seed++) {
      for (int epoch = 0; epoch < 6; epoch++) {
        for (int image = 0; image < 30; image++) {
          for (int index = 0; index < 5; index++) {
            seen.add(new Draw(seed, epoch).uniform(image, index));
          }
        }
      }
    }
    assertEquals(6 * 6 * 30 * 5, seen.size());
  }

  /** Along images, indices, epochs and seeds: each twentieth of [0, 1) as often as any other. */
  @Test
  void valuesAreUniform() {
    int draws = 20_000;
    long[][] hits = new long[4][20];
    for (int i = 0; i < draws; i++) {
      hits[0][(int) (20 * new Draw(1, 1).uniform(i, 0))]++;
      hits[1][(int) (20 * new Draw(1, 1).uniform(0, i))]++;
      hits[2][(int) (20 * new Draw(1, i).uniform(0, 0))]++;
      hits[3][(int) (20 * new Draw(i, 1).uniform(0, 0))]++;
    }
    for (long[] along : hits) {
      assertUniform(along, draws);
    }
  }

  /** What follows a value along each argument tells nothing of it: all pairs are alike frequent. */
  @Test
  void neighboursAreIndependent() {
    int draws = 40_000;
    long[][] hits = new long[4][100];
    for (int i = 0; i < draws; i++) {
      int first = (int) (10 * new Draw(5, 1).uniform(i, 0));
      double[] next = {
        new Draw(5, 1).uniform(i + 1, 0),
        new Draw(5, 1).uniform(i, 1),
        new Draw(5, 2).uniform(i, 0),
        new Draw(6, 1).uniform(i, 0)
      };
      for (int along = 0; along < 4; along++) {
        hits[along][10 * first + (int) (10 * next[along])]++;
      }
    }
    for (long[] along : hits) {
      assertUniform(along, draws);
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
