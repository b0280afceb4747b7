package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.EngineLife.Place;
import org.vgg4j.tensor.Precision;

/**
 * Every call of every native function that an engine makes from its opening to its closing fails
 * once: it is refused, or it finds the device lost, or it is refused with all that follows. The
 * report of the tests and docs/gpu.md have the counts.
 */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaFaultSweepTest {
  /** These are called by the hundred for a few plans, always in the same way. */
  private static final Set<String> MANY =
      Set.of(
          "cudnnBackendCreateDescriptor",
          "cudnnBackendDestroyDescriptor",
          "cudnnBackendSetAttribute",
          "cudnnBackendGetAttribute",
          "cudnnBackendFinalize");

  private static final int MANY_STRIDE = 7;

  /** Of those that fail, so many are also refused together with all that follow. */
  private static final int REFUSING_STRIDE = 8;

  @AfterEach
  void failsNoMore() {
    StandIn.reset();
  }

  /**
   * Nets with batch norm and without, with steps as graphs and call by call. What two of them have
   * in common fails in the first.
   *
   * @param from the first calls to fail are those after this place
   * @param to the last ones are those before this place
   * @param stride every so many calls fail
   */
  @ParameterizedTest
  @CsvSource({
    "norm, graph, , ENDED, 1",
    "norm, calls, STEPPED, READ, 1",
    "no norm, graph, OPENED, ENDED, 4",
    "no norm, calls, STEPPED, READ, 4"
  })
  void everyCallOnce(
      String net, String steps, Place from, Place to, int stride, TestReporter reporter) {
    boolean batchNorm = net.equals("norm");
    EngineLife life = EngineLife.decided(batchNorm, steps.equals("graph"));
    FaultSweep sweep = new FaultSweep(life, false);
    for (String function : sweep.functions()) {
      long opening = sweep.calls(function, Place.OPENED);
      long first = from == null ? 0 : sweep.calls(function, from);
      int every = MANY.contains(function) ? MANY_STRIDE * stride : stride;
      int failed = 0;
      for (long call = first + 1; call <= sweep.calls(function, to); call += every) {
        sweep.run(FaultSweep.Kind.REFUSED, function, call, call <= opening);
        sweep.run(FaultSweep.Kind.LOST, function, call, call <= opening);
        if (failed++ % REFUSING_STRIDE == 0) {
          sweep.run(FaultSweep.Kind.ALL_REFUSED, function, call, call <= opening);
        }
      }
    }
    end(sweep, net + ", " + steps, reporter);
  }

  /** Plans are searched, in cuDNN's order. */
  @Test
  void whileSearching(TestReporter reporter) {
    CudaOptions options = CudaUnderTest.deterministic(Precision.FP32, Activations.KEEP);
    FaultSweep sweep = new FaultSweep(new EngineLife(options, true, 2), false);
    sample(sweep, 12, MANY::contains);
    end(sweep, "searching", reporter);
  }

  /** Plans, fusions and the two forms of a step are timed; the latter takes 13 steps. */
  @Test
  void whileTiming(TestReporter reporter) {
    CudaOptions options = CudaUnderTest.measuring(Precision.BF16, Activations.AUTO, Map.of(), null);
    FaultSweep sweep = new FaultSweep(new EngineLife(options, true, 13), true);
    sample(sweep, 1, function -> !MANY.contains(function) && !isDescription(function));
    end(sweep, "timing", reporter);
  }

  /** What describes products: nothing of that is timed. */
  private static boolean isDescription(String function) {
    return function.startsWith("cublasLtMat") && !function.equals("cublasLtMatmul");
  }

  /** Fails some calls of each function, spread over those from when the engine is open. */
  private static void sample(FaultSweep sweep, int samples, Predicate<String> isWanted) {
    for (String function : sweep.functions()) {
      long opening = sweep.calls(function, Place.OPENED);
      long count = sweep.calls(function, Place.ENDED) - opening;
      for (int i = 0; i < samples && i < count && isWanted.test(function); i++) {
        long call = opening + 1 + count * (2 * i + 1) / (2L * samples);
        sweep.run(FaultSweep.Kind.REFUSED, function, call, false);
        sweep.run(FaultSweep.Kind.LOST, function, call, false);
      }
    }
  }

  /** Reports the counts; problems first, so that a failing test says all of them. */
  private static void end(FaultSweep sweep, String name, TestReporter reporter) {
    reporter.publishEntry(name, sweep.text());
    List<String> problems = sweep.problems();
    assertTrue(
        problems.isEmpty(), () -> problems.size() + " problems:\n" + String.join("\n", problems));
    assertEquals(Set.of(), sweep.silent(), "functions whose failure nobody heard of");
  }
}
