package org.vgg4j.backend;

import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

/** The GPU engine's operations against the reference, strict, on the stand-in or on a GPU. */
@OnCuda
final class CudaOperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return CudaUnderTest.open();
  }
}
