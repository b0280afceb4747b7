package org.vgg4j.run;

import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OnCpuBf16;
import org.vgg4j.tensor.Backend;

@OnCpuBf16
final class CpuBf16ExactResumeTest extends ExactResumeTest {
  @Override
  Backend open() {
    return Bf16UnderTest.open();
  }

  @Override
  int interruptions() {
    return 5; // of each of four rows
  }
}
