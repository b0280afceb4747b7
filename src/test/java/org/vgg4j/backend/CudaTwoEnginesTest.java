package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.tensor.Backend;

/** Two GPU engines on one GPU or two, and one beside the CPU engine. */
@OnStandIn
final class CudaTwoEnginesTest {
  private Map<String, Long> before;

  @BeforeEach
  void twoDevices() {
    StandIn.require();
    StandIn.devices(2);
    before = StandIn.live();
  }

  @AfterEach
  void oneDevice() {
    StandIn.devices(1);
    assertEquals(before, StandIn.live());
  }

  private static Supplier<Backend> gpu(String device, String precision) {
    return () ->
        Backends.open(
                new EngineOptions(
                    device,
                    Backends.DEFAULT_VARIANT,
                    CudaUnderTest.libraries(),
                    null,
                    precision,
                    null,
                    null,
                    true,
                    null,
                    Map.of()))
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
