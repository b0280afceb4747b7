package org.vgg4j.backend;

import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

/** What the GPU engine refuses, on the stand-in or on a GPU. */
@OnCuda
final class CudaRefusalTest extends EngineRefusalTest {
  @Override
  Backend open() {
    return CudaUnderTest.open();
  }
}
