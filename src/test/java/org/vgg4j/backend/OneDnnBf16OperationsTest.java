package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** The CPU engine's operations in bf16, product by product, against the reference. */
@OnCpuBf16
final class OneDnnBf16OperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return new OneDnnBackend(Bf16UnderTest.options().withConvolutions(Convolutions.DIRECT));
  }

  /** Only a net for inference may round what it stores. */
  @ParameterizedTest
  @CsvSource({"true, true, F32", "false, true, F32", "false, false, BF16"})
  void weightsAndTheirGradientsAreStoredIn(boolean training, boolean exact, DType type) {
    Usage usage = new Usage(training, training, training, exact);
    try (Backend backend = open()) {
      Layout x = backend.plainLayout(Shape.of(2, 16, 6, 6), DType.BF16);
      try (WeightedPlan conv =
              backend.conv2d(new Conv2dSpec(16, 32, 3, 1, true, false), x, null, usage);
          WeightedPlan linear =
              backend.linear(new LinearSpec(16 * 36, 10, false), x, null, usage)) {
        for (WeightedPlan plan : new WeightedPlan[] {conv, linear}) {
          assertEquals(DType.BF16, plan.y().dtype());
          assertEquals(type, plan.w().dtype());
          assertEquals(type, plan.dw().dtype());
        }
      }
    }
  }
}
