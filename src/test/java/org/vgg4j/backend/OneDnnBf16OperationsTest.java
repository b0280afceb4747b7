package org.vgg4j.backend;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.tensor.Backend;

/** The CPU engine's operations in bf16 against the reference. */
@OnCpuBf16
final class OneDnnBf16OperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return Bf16UnderTest.open();
  }
}
