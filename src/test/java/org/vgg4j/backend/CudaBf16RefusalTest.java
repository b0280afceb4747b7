package org.vgg4j.backend;

import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;

/** What the GPU engine refuses in bf16, where parameters are floats beside bf16 images. */
@OnCuda
final class CudaBf16RefusalTest extends EngineRefusalTest {
  @Override
  Backend open() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(Precision.BF16, Activations.AUTO));
  }
}
