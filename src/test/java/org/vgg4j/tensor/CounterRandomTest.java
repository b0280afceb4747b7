package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.RealDistribution;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;

final class CounterRandomTest {
  /** The draws are fixed, so a p-value below this is a fault of the generator and not bad luck. */
  private static final double SMALLEST_P = 0.001;

  private static final int SAMPLES = 20_000;

  /**
   * The values that the algorithm's definition gives; a change of any of them changes every stored
   * run. Made by the Python program in the comment below.
   */
  @Test
  void isPinned() {
    // M = 2**64 - 1; G = 0x9E3779B97F4A7C15
    // def mix(z):
    //   z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
    //   z = (z ^ z >> 27) * 0x94D049BB133111EB & M
    //   return z ^ z >> 31
    // def key(seed, stream, step):
    //   k = mix(seed + G & M); k = mix(k ^ stream + G & M); return mix(k ^ step * G + 1 & M)
    // def bits(k, i): return mix(k + (i + 1) * G & M)
    // print([hex(x) for x in (key(0,0,0), key(1,2,3), key(M,7,1<<40), bits(0,0), bits(0,1),
    //                         bits(key(1,2,3), 4))])
    assertEquals(0xB4E3C605DD523777L, CounterRandom.key(0, 0, 0));
    assertEquals(0x6CD365944C8DB3FDL, CounterRandom.key(1, 2, 3));
    assertEquals(0x72B940AC7965C8CCL, CounterRandom.key(-1, 7, 1L << 40));
    assertEquals(0xE220A8397B1DCDAFL, CounterRandom.bits(0, 0));
    assertEquals(0x6E789E6AA1B965F4L, CounterRandom.bits(0, 1));
    assertEquals(0xBBFC16587A41B34FL, CounterRandom.bits(CounterRandom.key(1, 2, 3), 4));
  }

  @Test
  void uniformIsUniform() {
    for (long stream = 0; stream < 5; stream++) {
      long key = CounterRandom.key(42, stream, 0);
      RealDistribution uniform = new UniformRealDistribution(0, 1);
      assertFits(uniform, index -> CounterRandom.uniform(key, index));
    }
  }

  @Test
  void uniformIsUniformFromStepToStep() {
    RealDistribution uniform = new UniformRealDistribution(0, 1);
    assertFits(uniform, step -> CounterRandom.uniform(CounterRandom.key(42, 3, step), 0));
    assertFits(uniform, stream -> CounterRandom.uniform(CounterRandom.key(42, stream, 0), 0));
    assertFits(uniform, seed -> CounterRandom.uniform(CounterRandom.key(seed, 0, 0), 0));
  }

  @Test
  void uniformStaysBelowOne() {
    for (long index = 0; index < SAMPLES; index++) {
      double value = CounterRandom.uniform(7, index);
      assertTrue(value >= 0 && value < 1, () -> "drew " + value);
    }
  }

  @Test
  void gaussianIsNormal() {
    for (long stream = 0; stream < 5; stream++) {
      long key = CounterRandom.key(42, stream, 0);
      RealDistribution normal = new NormalDistribution(0, 1);
      assertFits(normal, index -> CounterRandom.gaussian(key, index));
    }
  }

  @Test
  void neighboursAreUncorrelated() {
    long key = CounterRandom.key(42, 0, 0);
    long other = CounterRandom.key(42, 1, 0);
    double alongIndex = 0;
    double acrossStreams = 0;
    for (long i = 0; i < SAMPLES; i++) {
      double here = CounterRandom.uniform(key, i) - 0.5;
      alongIndex += here * (CounterRandom.uniform(key, i + 1) - 0.5);
      acrossStreams += here * (CounterRandom.uniform(other, i) - 0.5);
    }
    // The products have the standard deviation 1/12; four of the sum's are allowed.
    double allowed = 4 * Math.sqrt(SAMPLES) / 12;
    assertEquals(0, alongIndex, allowed);
    assertEquals(0, acrossStreams, allowed);
  }

  /** 2^18 draws of 64 bits collide by chance with a probability of 2^-29. */
  @Test
  void streamsStepsAndSeedsDoNotMeet() {
    Set<Long> seen = new HashSet<>();
    int draws = 0;
    for (long seed = 0; seed < 4; seed++) {
      for (long stream = 0; stream < 16; stream++) {
        for (long step = 0; step < 64; step++) {
          long key = CounterRandom.key(seed, stream, step);
          for (long index = 0; index < 64; index++) {
            seen.add(CounterRandom.bits(key, index));
            draws++;
          }
        }
      }
    }
    assertEquals(draws, seen.size());
  }

  @Test
  void belowHitsEveryValueAlike() {
    for (int bound : new int[] {2, 3, 10, 97, 1000}) {
      long key = CounterRandom.key(42, 9, bound);
      long[] hits = new long[bound];
      for (int i = 0; i < 200 * bound; i++) {
        hits[CounterRandom.below(key, i, bound)]++;
      }
      double[] expected = new double[bound];
      Arrays.fill(expected, 200);
      double p = new ChiSquareTest().chiSquareTest(expected, hits);
      assertTrue(p > SMALLEST_P, () -> "below " + bound + ": p = " + p);
    }
  }

  @Test
  void belowReachesTheEndsOfALargeBound() {
    int bound = Integer.MAX_VALUE;
    int smallest = bound;
    int largest = 0;
    for (int i = 0; i < SAMPLES; i++) {
      int value = CounterRandom.below(3, i, bound);
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    // The chance that none of n draws falls into the outer 10/n is e^-10.
    int outer = bound / SAMPLES * 10;
    assertTrue(smallest >= 0 && smallest < outer, "smallest was " + smallest);
    assertTrue(largest < bound && largest > bound - outer, "largest was " + largest);
  }

  private static void assertFits(RealDistribution distribution, LongToDoubleFunction draw) {
    double[] sample = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      sample[i] = draw.applyAsDouble(i);
    }
    double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(distribution, sample);
    assertTrue(p > SMALLEST_P, () -> "p = " + p);
  }

  @Test
  void manyAtOnceAreTheSame() {
    long[] many = new long[CounterRandom.RUN];
    for (long first : new long[] {0, 1, 4095, 1L << 40}) {
      CounterRandom.bits(77, first, many, many.length);
      for (int i = 0; i < many.length; i++) {
        assertEquals(CounterRandom.bits(77, first + i), many[i]);
      }
    }
  }
}
