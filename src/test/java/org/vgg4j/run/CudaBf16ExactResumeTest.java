package org.vgg4j.run;

import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Precision;

/** The same in bf16, where the bf16 copies of the weights are made anew from a checkpoint. */
@OnCuda
final class CudaBf16ExactResumeTest extends CudaExactResumeTest {
  @Override
  Precision precision() {
    return Precision.BF16;
  }

  @Override
  int interruptions() {
    return 3; // of each of four rows
  }
}
