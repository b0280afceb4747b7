package org.vgg4j.backend.cuda.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.tensor.Closing;

/** How often work is run between two events. */
@OnStandIn
final class StopwatchTest {
  private static final String RECORD = "cudaEventRecord";
  private static final String MEMSET = "cudaMemsetAsync";

  @BeforeAll
  static void requireStandIn() {
    StandIn.require();
  }

  /** Times zeroing so many bytes so many times; returns the milliseconds. */
  private static double time(long bytes, int times, double hopeless) {
    try (Closing owner = new Closing()) {
      CudaContext context = owner.own(CudaContext.open(0));
      Pointer memory = context.cuda().cudaMalloc(bytes);
      owner.own(() -> context.cuda().cudaFree(memory));
      Stopwatch stopwatch = new Stopwatch(owner, context);
      StandIn.reset();
      return stopwatch.shortest(
          () -> {
            for (int i = 0; i < times; i++) {
              context.cuda().cudaMemsetAsync(memory, 0, bytes, context.stream());
            }
          },
          hopeless);
    }
  }

  @Test
  void shortWorkIsRunManyTimesAndTheTimeIsOfOneRun() {
    double millis = time(1 << 18, 1, Double.POSITIVE_INFINITY);
    long rounds = StandIn.calls(RECORD) / 2 - 1;
    long runs = StandIn.calls(MEMSET) - 2;
    assertTrue(runs >= 5 * rounds, () -> runs + " runs in " + rounds + " rounds");
    double round = millis * runs / rounds; // some 5 ms at most, a hundred times that if not divided
    assertTrue(round < 20, () -> millis + " ms in " + runs + " runs");
  }

  @Test
  void longWorkIsRunOnceARound() {
    double millis = time(128L << 20, 32, Double.POSITIVE_INFINITY);
    assertEquals(StandIn.calls(RECORD) / 2, StandIn.calls(MEMSET) / 32 - 1);
    assertTrue(millis > 1, () -> millis + " ms");
  }

  @Test
  void hopelessWorkIsTimedOnce() {
    time(1 << 20, 1, 0);
    assertEquals(2, StandIn.calls(RECORD));
    assertEquals(2, StandIn.calls(MEMSET));
  }
}
