package org.vgg4j.tensor;

/**
 * Counter-based random numbers: a value is a function of (seed, stream, step, index) and of nothing
 * else.
 *
 * <p>So a resumed run, another thread count and another backend draw the same dropout masks and the
 * same shuffles. The mixing function is SplitMix64's finalizer (Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", 2014); it needs 64-bit integer multiplication only
 * and is cheap on a GPU too.
 */
public final class CounterRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  /** The most random numbers of a call. */
  public static final int RUN = 4096;

  private static final long[] GAMMAS = gammas();

  private CounterRandom() {}

  private static long[] gammas() {
    long[] gammas = new long[RUN];
    for (int i = 0; i < RUN; i++) {
      gammas[i] = (i + 1) * GOLDEN_GAMMA;
    }
    return gammas;
  }

  /** Returns the key of one (seed, stream, step); draw from it with {@link #bits(long, long)}. */
  public static long key(long seed, long stream, long step) {
    long key = mix(seed + GOLDEN_GAMMA);
    key = mix(key ^ (stream + GOLDEN_GAMMA));
    return mix(key ^ (step * GOLDEN_GAMMA + 1));
  }

  /** Returns the 64 random bits at {@code index} of a key. */
  public static long bits(long key, long index) {
    return mix(key + (index + 1) * GOLDEN_GAMMA);
  }

  /**
   * Writes the random bits at consecutive indices of a key, faster than one by one.
   *
   * @param first the index of the first
   * @param into overwritten from the beginning
   * @param count how many, at most {@value #RUN}
   */
  public static void bits(long key, long first, long[] into, int count) {
    long base = key + first * GOLDEN_GAMMA;
    // Loops over arrays alone are what the JIT compiler vectorizes.
    for (int i = 0; i < count; i++) {
      into[i] = mix(base + GAMMAS[i]);
    }
  }

  /** Returns a uniform value in [0, 1) with 53 random bits. */
  public static double uniform(long key, long index) {
    return (bits(key, index) >>> 11) * 0x1p-53;
  }

  /**
   * Returns a standard normal value (Box-Muller over the two uniforms at 2 index and 2 index + 1).
   */
  public static double gaussian(long key, long index) {
    double radius = Math.sqrt(-2 * Math.log(1 - uniform(key, 2 * index)));
    return radius * Math.cos(2 * Math.PI * uniform(key, 2 * index + 1));
  }

  /** Returns a uniform integer in [0, bound) (the high half of a 64-bit product). */
  public static int below(long key, long index, int bound) {
    return (int) (((bits(key, index) >>> 32) * bound) >>> 32);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
