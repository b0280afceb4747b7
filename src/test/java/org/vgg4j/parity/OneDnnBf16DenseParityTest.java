package org.vgg4j.parity;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.tensor.Backend;

@OnCpuBf16
final class OneDnnBf16DenseParityTest extends DenseParityTest {
  @Override
  Backend open() {
    return Bf16UnderTest.open();
  }

  /** Five layers of rounded weights and outputs, each with 0.4 u in the mean; say 8 u. */
  @Override
  double tolerance() {
    return 8 * 0x1p-8;
  }
}
