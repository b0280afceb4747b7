package org.vgg4j.parity;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.tensor.Backend;

/** The GPU engine, strict, on the stand-in or on a GPU. */
@Tag("cuda")
class CudaParityTest extends ParityTest {
  @BeforeAll
  static void requireLibraries() {
    CudaUnderTest.libraries();
  }

  @Override
  Backend open() {
    return CudaUnderTest.open();
  }

  @Override
  String engine() {
    return CudaUnderTest.isGpu() ? "cuda" : "cuda on the stand-in";
  }

  @Override
  double tolerance() {
    return 1e-4;
  }
}
