package org.vgg4j.parity;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.tensor.Backend;

/** The CPU engine in bf16. */
@OnCpuBf16
class OneDnnBf16ParityTest extends Bf16ParityTest {
  @Override
  Backend open() {
    return Bf16UnderTest.open();
  }

  @Override
  String engine() {
    return "cpu, bf16";
  }
}
