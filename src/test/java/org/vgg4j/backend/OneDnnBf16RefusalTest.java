package org.vgg4j.backend;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.tensor.Backend;

/** What the CPU engine refuses in bf16, where parameters are floats beside bf16 activations. */
@OnCpuBf16
final class OneDnnBf16RefusalTest extends EngineRefusalTest {
  @Override
  Backend open() {
    return Bf16UnderTest.open();
  }
}
