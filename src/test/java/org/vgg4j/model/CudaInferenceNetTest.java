package org.vgg4j.model;

import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

/** Nets for inference on the GPU engine. */
@OnCuda
final class CudaInferenceNetTest extends InferenceNetTest {
  @Override
  Backend open() {
    return CudaUnderTest.open();
  }

  @Override
  double tolerance() {
    return 1e-5;
  }
}
