package org.vgg4j.model;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.tensor.Backend;

/** Nets for inference on the CPU engine in bf16. */
@OnCpuBf16
final class OneDnnBf16InferenceNetTest extends InferenceNetTest {
  @Override
  Backend open() {
    return Bf16UnderTest.open();
  }

  /** Four layers of rounded weights and outputs, each with 0.4 u in the mean, say 2 u; twice. */
  @Override
  double tolerance() {
    return 8 * 0x1p-8;
  }
}
