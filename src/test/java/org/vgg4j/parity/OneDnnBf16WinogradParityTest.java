package org.vgg4j.parity;

import org.junit.jupiter.api.condition.EnabledIf;
import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Backend;

/** The CPU engine in bf16 with convolutions by minimal filtering. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.Bf16UnderTest#filters",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
final class OneDnnBf16WinogradParityTest extends Bf16ParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend(Bf16UnderTest.options().withConvolutions(Convolutions.WINOGRAD_2D));
  }

  @Override
  String engine() {
    return "cpu, bf16, winograd";
  }
}
