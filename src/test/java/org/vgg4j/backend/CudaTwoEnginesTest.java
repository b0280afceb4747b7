package org.vgg4j.backend;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.LeavesNothing;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.tensor.Backend;

/** Two GPU engines on one GPU or two, and one beside the CPU engine. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaTwoEnginesTest {
  @BeforeEach
  void twoDevices() {
    StandIn.devices(2);
  }

  private static Supplier<Backend> gpu(String device, String precision) {
    return () ->
        Backends.open(
                EngineOptions.builder(device)
                    .cudaLibraries(CudaUnderTest.libraries())
                    .precision(precision)
                    .deterministic(true)
                    .build())
            .backend();
  }

  @ParameterizedTest
  @CsvSource({"cuda, fp32, cuda, fp32", "cuda, bf16, cuda, fp32", "cuda, fp32, cuda:1, fp32"})
  void doNotDisturbEachOther(String first, String precision, String second, String other) {
    TwoEnginesTest.assertUndisturbed(List.of(gpu(first, precision), gpu(second, other)));
  }

  @Test
  void besideTheCpuEngine() {
    TwoEnginesTest.assertUndisturbed(
        List.of(gpu("cuda", "fp32"), () -> Backends.open("cpu").backend()));
  }
}
