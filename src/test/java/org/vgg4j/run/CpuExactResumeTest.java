package org.vgg4j.run;

import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.Backend;

final class CpuExactResumeTest extends ExactResumeTest {
  @Override
  Backend open() {
    return Backends.open("cpu").backend();
  }

  @Override
  int interruptions() {
    return 25; // of each of four rows
  }
}
