package org.vgg4j.run;

import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

@OnCuda
final class CudaExactResumeTest extends ExactResumeTest {
  @Override
  Backend open() {
    return CudaUnderTest.open();
  }

  @Override
  int interruptions() {
    return 5; // of each of four rows
  }
}
