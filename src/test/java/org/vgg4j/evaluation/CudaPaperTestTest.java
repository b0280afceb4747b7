package org.vgg4j.evaluation;

import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

@OnCuda
final class CudaPaperTestTest extends PaperTestTest {
  @Override
  Backend open() {
    return CudaUnderTest.open();
  }

  @Override
  double tolerance() {
    return 1e-5;
  }
}
