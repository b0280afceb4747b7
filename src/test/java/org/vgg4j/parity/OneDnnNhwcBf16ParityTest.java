package org.vgg4j.parity;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions.Activations;
import org.vgg4j.tensor.Backend;

/** The CPU engine in bf16 with its activations in NHWC. */
@OnCpuBf16
final class OneDnnNhwcBf16ParityTest extends OneDnnBf16ParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend(Bf16UnderTest.options().withActivations(Activations.NHWC));
  }

  @Override
  String engine() {
    return "cpu nhwc bf16";
  }
}
