package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.vgg4j.tensor.Precision;

/** What a training step costs beside its work, and what an engine leaves behind. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaStepTest {
  private static final int STEPS = 200;

  /** Less than any two JavaCPP pointers. */
  private static final long MOST_BYTES_A_STEP = 64;

  @Test
  void takesNoMemoryAndMakesNoPointerAfterTheFirstStep() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (CudaBackend backend = CudaUnderTest.open();
        TinyTraining training = new TinyTraining(backend)) {
      for (int i = 0; i < STEPS; i++) { // the JVM, too, allocates while it warms up
        training.step();
      }
      training.totals();
      StandIn.reset();
      long pointers = Pointer.totalCount();
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < STEPS; i++) {
        training.step();
      }
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertEquals(pointers, Pointer.totalCount());
      for (String function : List.of("cudaMalloc", "cudaMallocHost", "cudaFree", "cudaFreeHost")) {
        assertEquals(0, StandIn.calls(function), function);
      }
      assertEquals(0, StandIn.calls("cudaStreamSynchronize"), "a step waits for the GPU");
      assertTrue(
          bytes <= STEPS * MOST_BYTES_A_STEP, () -> bytes / STEPS + " bytes of Java heap a step");
      assertEquals(2L * STEPS * TinyTraining.BATCH, training.totals().count());
    }
  }

  /** Uploads of images, labels and state, and one launch: docs/gpu.md has the counts. */
  @Test
  void oneLaunchAStepAndFewOtherCalls() {
    try (CudaBackend backend = CudaUnderTest.open();
        TinyTraining training = new TinyTraining(backend)) {
      for (int i = 0; i < 3; i++) {
        training.step();
      }
      training.totals();
      StandIn.reset();
      for (int i = 0; i < 10; i++) {
        training.step();
      }
      assertEquals(10, StandIn.calls("cudaGraphLaunch"));
      assertEquals(50, StandIn.calls("cudaMemcpyAsync"));
      for (String function :
          List.of("cudaLaunchKernel", "cudnnBackendExecute", "cublasLtMatmul", "cudaMemsetAsync")) {
        assertEquals(0, StandIn.calls(function), function);
      }
      long waitsForBuffers = StandIn.calls("cudaEventSynchronize");
      assertEquals(150, StandIn.calls("*") - waitsForBuffers);
    }
  }

  @Test
  void everyCopyIsFromPinnedMemory() {
    try (CudaBackend backend = CudaUnderTest.open();
        TinyTraining training = new TinyTraining(backend)) {
      training.step();
      training.step();
      assertTrue(Double.isFinite(training.totals().lossSum()));
    }
    assertEquals(0, StandIn.pageableCopies());
  }

  @Test
  void tensorCoresWithinTheirPrecision() {
    double[] sums = new double[2];
    for (int i = 0; i < sums.length; i++) {
      CudaOptions options =
          new CudaOptions(
              0,
              List.of(),
              16L << 20,
              i == 0 ? Precision.FP32 : Precision.TF32,
              i == 0,
              Map.of(),
              Activations.AUTO,
              true,
              CudaOptions.DEFAULT_READ_INTERVAL,
              null);
      try (CudaBackend backend = CudaUnderTest.open(options);
          TinyTraining training = new TinyTraining(backend)) {
        training.step();
        sums[i] = training.totals().lossSum();
      }
    }
    // Ten bits of mantissa in, through four layers.
    assertEquals(sums[0], sums[1], sums[0] * 4 * 0x1p-10);
  }

  @Test
  void secondEngineInTheSameProcess() {
    double[] sums = new double[2];
    for (int i = 0; i < sums.length; i++) {
      try (CudaBackend backend = CudaUnderTest.open();
          TinyTraining training = new TinyTraining(backend)) {
        for (int step = 0; step < 3; step++) {
          training.step();
        }
        sums[i] = training.totals().lossSum();
      }
    }
    assertEquals(sums[0], sums[1]);
  }
}
