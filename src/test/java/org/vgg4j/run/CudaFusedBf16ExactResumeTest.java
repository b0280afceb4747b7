package org.vgg4j.run;

import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Precision;

/** The same in bf16. */
@OnCuda
final class CudaFusedBf16ExactResumeTest extends CudaFusedExactResumeTest {
  @Override
  Precision precision() {
    return Precision.BF16;
  }
}
