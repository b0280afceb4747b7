package org.vgg4j.backend;

import org.junit.jupiter.api.condition.EnabledIf;
import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Backend;

/**
 * The CPU engine's operations in bf16 with convolutions by minimal filtering wherever it can do
 * that.
 */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.Bf16UnderTest#filters",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
class OneDnnBf16WinogradOperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return new OneDnnBackend(Bf16UnderTest.options().withConvolutions(way()));
  }

  Convolutions way() {
    return Convolutions.WINOGRAD_2D;
  }

  /** A sixth is no binary fraction: {@link OneDnnBf16OperationsTest} has what is exact. */
  @Override
  void convolutionOfIntegersIsExact(ConvCase c) {}
}
