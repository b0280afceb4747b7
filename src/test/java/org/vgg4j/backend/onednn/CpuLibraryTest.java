package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.vgg4j.tensor.CounterRandom;

/** Loops in C++ beside those in Java, bit by bit. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.CpuLibrary#isLoaded",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
final class CpuLibraryTest {
  /** More than a chunk of Java's for each thread, and not whole registers. */
  private static final int COUNT = 3 * SlabSweep.CHUNK + 5;

  private final float[][] java = new float[4][COUNT];

  /** Steps of small and large gradients, none, and one that is not a number. */
  @Test
  void adamStepsToTheSameBits() {
    try (Run run = new Run()) {
      run.fill();
      for (int step = 1; step <= 3; step++) {
        OneDnnAdam.update(
            java[0], java[1], java[2], java[3], COUNT, .9f, .1f, .999f, .001f, 1e-8f, .01f, .003f,
            9);
        CpuLibrary.adam(
            run.at(0), run.at(1), run.at(2), run.at(3), COUNT, .9f, .1f, .999f, .001f, 1e-8f, .01f,
            .003f, 9);
        run.check(step);
      }
    }
  }

  @Test
  void sgdStepsToTheSameBits() {
    try (Run run = new Run()) {
      run.fill();
      for (int step = 1; step <= 3; step++) {
        OneDnnSgd.plain(java[0], java[1], COUNT, .3f, .01f);
        CpuLibrary.sgd(run.at(0), run.at(1), COUNT, .3f, .01f);
        OneDnnSgd.momentum(java[0], java[1], java[2], COUNT, .3f, .01f, .9f);
        CpuLibrary.momentum(run.at(0), run.at(1), run.at(2), COUNT, .3f, .01f, .9f);
        run.check(step);
      }
    }
  }

  /** What C++ works on: parameters, gradients, moments. */
  private final class Run implements AutoCloseable {
    private final Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT.withThreads(2));
    private final NativeMemory memory = dnnl.take(4L * COUNT * Float.BYTES, "test");

    long at(int slab) {
      return memory.address((long) slab * COUNT * Float.BYTES);
    }

    private FloatBuffer values() {
      return memory.view(0, Math.toIntExact(memory.bytes())).asFloatBuffer();
    }

    void fill() {
      dnnl.checkThread();
      for (int slab = 0; slab < java.length; slab++) {
        long key = CounterRandom.key(slab, 1, 1);
        for (int i = 0; i < COUNT; i++) {
          double uniform = 2 * CounterRandom.uniform(key, i) - 1;
          java[slab][i] = (float) (slab == 3 ? uniform * uniform : Math.pow(uniform, 9));
        }
      }
      java[1][7] = 0;
      java[1][COUNT - 1] = Float.NaN;
      for (int slab = 0; slab < java.length; slab++) {
        values().put(slab * COUNT, java[slab]);
      }
    }

    void check(int step) {
      for (int slab = 0; slab < java.length; slab++) {
        float[] own = new float[COUNT];
        values().get(slab * COUNT, own);
        assertArrayEquals(java[slab], own, "slab " + slab + " after step " + step);
      }
      assertTrue(Float.isNaN(java[0][COUNT - 1]), Arrays.toString(java[0]));
    }

    @Override
    public void close() {
      memory.close();
      dnnl.close();
    }
  }
}
