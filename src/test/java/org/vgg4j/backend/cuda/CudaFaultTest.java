package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.bytedeco.cuda.global.cudnn;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** What injected failures say and do; {@link CudaFaultSweepTest} has every call fail. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaFaultTest {
  /** How many of a function's calls fail, spread over all. */
  private static final int SAMPLES = 25;

  private CudaOptions options = CudaOptions.STRICT;

  /** After every failure the process can go on. */
  @AfterEach
  void goesOn() {
    StandIn.reset();
    assertNull(failure());
  }

  /** Has steps run call by call: a call that fails in a capture only ends the capture. */
  private void callByCall() {
    options = CudaOptions.STRICT.withGraph(false);
  }

  /** Opens, builds, makes two steps, reads and closes; returns what was thrown. */
  private Throwable failure() {
    try (CudaBackend backend = CudaUnderTest.open(options);
        TinyTraining training = new TinyTraining(backend)) {
      training.step();
      assertTrue(training.isFinite());
      assertEquals(TinyTraining.BATCH, training.read().count());
      training.step();
      training.totals();
      return null;
    } catch (RuntimeException e) {
      return e;
    }
  }

  private long count(String function) {
    StandIn.reset();
    assertNull(failure());
    return StandIn.calls(function);
  }

  /** Injects a fault, returns what was thrown, and checks that nothing is left. */
  private Throwable failure(String fault) {
    Map<String, Long> before = StandIn.live();
    StandIn.reset();
    StandIn.faults(fault);
    Throwable failure = failure();
    assertEquals(before, StandIn.live(), fault);
    return failure;
  }

  @ParameterizedTest
  @ValueSource(strings = {"cudaMalloc", "cudaMallocHost"})
  void outOfMemoryAtEachAllocation(String function) {
    long calls = count(function);
    assertTrue(calls > 5, () -> function + " was called only so often: " + calls);
    for (long call = 1; call <= calls; call++) {
      String fault = function + "@" + call + "=2";
      OutOfDeviceMemoryException failure =
          assertInstanceOf(OutOfDeviceMemoryException.class, failure(fault), fault);
      assertTrue(failure.neededBytes() > 0 && failure.availableBytes() > 0, failure::getMessage);
    }
  }

  @Test
  void deviceThatIsTooSmall() {
    StandIn.capacity(16L << 20);
    try (CudaBackend backend = CudaUnderTest.open()) {
      OutOfDeviceMemoryException failure =
          assertThrows(OutOfDeviceMemoryException.class, () -> backend.allocate(64L << 20));
      assertEquals(64L << 20, failure.neededBytes());
      assertTrue(failure.availableBytes() <= 16L << 20, failure::getMessage);
      backend.allocate(1 << 20).close();
    } finally {
      StandIn.capacity(StandIn.BYTES);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "100, the NVIDIA driver sees no GPU",
    "35, the NVIDIA driver is too old for CUDA 13.0; install driver 580 or newer",
    "999, run ./vgg doctor for details"
  })
  void driverThatCannotIsUnderstood(int status, String message) {
    Throwable failure = failure("cudaGetDeviceCount@1=" + status);
    assertInstanceOf(DeviceUnavailableException.class, failure);
    assertTrue(failure.getMessage().contains(message), failure::getMessage);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cudnnBackendExecute",
        "cublasLtMatmul",
        "cublasLtMatmulAlgoGetHeuristic",
        "cublasLtMatmulDescSetAttribute",
        "cublasLtMatrixLayoutCreate"
      })
  void failingCallsNameThemselves(String function) {
    callByCall();
    long calls = count(function);
    for (long call = 1; call <= calls; call++) {
      Throwable failure = failure(function + "@" + call);
      CudaException typed = assertInstanceOf(CudaException.class, failure, function);
      assertEquals(function, typed.call());
      assertTrue(typed.getMessage().startsWith(function + " failed for "), typed::getMessage);
    }
  }

  @Test
  void refusedLaunchesNameTheKernel() {
    callByCall();
    long opening = countOfOpening("cudaLaunchKernel");
    long calls = count("cudaLaunchKernel");
    for (long call = opening + 1; call <= calls; call++) {
      Throwable failure = failure("cudaLaunchKernel@" + call + "=9");
      String message = assertInstanceOf(CudaException.class, failure).getMessage();
      assertTrue(message.startsWith("cudaLaunchKernel failed for vgg4j_"), message);
    }
  }

  private static void assertTyped(Throwable failure, String fault) {
    assertTrue(
        failure instanceof CudaException
            || failure instanceof InvalidInputException // cuDNN offers nothing
            || failure instanceof OutOfDeviceMemoryException
            || failure instanceof DeviceUnavailableException
            || failure instanceof DeviceLostException,
        () -> fault + " ended in " + failure);
  }

  private static void assertLost(Throwable failure, String fault) {
    assertInstanceOf(DeviceLostException.class, failure, fault);
    assertTrue(failure.getMessage().contains("restart"), failure::getMessage);
  }

  private static long countOfOpening(String function) {
    StandIn.reset();
    CudaUnderTest.open().close();
    return StandIn.calls(function);
  }

  /** The call succeeds, and the GPU fails later: found at the next wait at the latest. */
  @Test
  void lossThatShowsLater() {
    long opening = countOfOpening("cudaLaunchKernel");
    long calls = count("cudaLaunchKernel");
    for (long call = opening + 1; call <= calls; call += 4) {
      String fault = "cudaLaunchKernel@" + call + "=700~";
      assertInstanceOf(DeviceLostException.class, failure(fault), fault);
    }
  }

  /**
   * A kernel's fault that cuDNN or cublasLt is the first to meet: they have CUDA's runtime inside,
   * so that ours has seen nothing.
   */
  @ParameterizedTest
  @ValueSource(strings = {"cudnnBackendExecute", "cublasLtMatmul"})
  void lossThatALibraryMeetsFirst(String function) {
    long calls = count(function);
    for (long call = 1; call <= calls; call++) {
      String fault = function + "@" + call + "=" + (function.startsWith("cudnn") ? "5000!" : "13!");
      assertLost(failure(fault), fault);
    }
  }

  /** What cuDNN cannot make has another in its place; where there is none, the failure is typed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cudnnBackendCreateDescriptor",
        "cudnnBackendSetAttribute",
        "cudnnBackendGetAttribute",
        "cudnnBackendFinalize"
      })
  void planThatCannotBeMade(String function) {
    long calls = count(function);
    int absorbed = 0;
    for (long call = 1; call <= calls; call += calls / SAMPLES + 1) {
      String fault = function + "@" + call + "=" + cudnn.CUDNN_STATUS_NOT_SUPPORTED;
      Throwable failure = failure(fault);
      if (failure == null) {
        absorbed++;
      } else {
        assertTyped(failure, fault);
        String message = failure.getMessage();
        assertTrue(message.contains(function) && message.contains("3000"), message);
      }
    }
    assertTrue(absorbed > 0, "no other plan was taken");
  }
}
