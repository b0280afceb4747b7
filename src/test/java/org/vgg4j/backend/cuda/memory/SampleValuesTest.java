package org.vgg4j.backend.cuda.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/** All of the memory is filled, whatever its size. */
@OnCuda
final class SampleValuesTest {
  @BeforeAll
  static void load() {
    CudaLibraries.load(CudaUnderTest.libraries());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void valuesAreRandomToTheEnd(DType type) {
    for (int count : new int[] {1, 1000, 100_001, 262_144}) {
      int bytes = count * type.bytes();
      try (Closing owner = new Closing()) {
        CudaContext context = owner.own(CudaContext.open(0));
        DeviceMemory memory = owner.own(new DeviceMemory(context, bytes));
        PinnedMemory host = owner.own(new PinnedMemory(context, bytes, "a test"));
        memory.zero();
        SampleValues.fill(context, memory, type, 1);
        context
            .cuda()
            .cudaMemcpyAsync(
                host.pointer(),
                memory.pointer(),
                bytes,
                cudart.cudaMemcpyDeviceToHost,
                context.stream());
        context.synchronize();
        double squares = 0;
        for (int i = 0; i < count; i++) {
          double value = type.get(host.bytes(), i);
          assertTrue(value != 0 && Math.abs(value) < 1, type + " at " + i + ": " + value);
          squares += value * value;
        }
        if (count >= 1000) {
          assertEquals(0.1, Math.sqrt(squares / count), 0.01); // 4 deviations of 1000 values
        }
      }
    }
  }
}
