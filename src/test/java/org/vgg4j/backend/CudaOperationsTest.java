package org.vgg4j.backend;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.tensor.Backend;

/** The GPU engine's operations against the reference, strict, on the stand-in or on a GPU. */
@Tag("cuda")
final class CudaOperationsTest extends EngineOperationsTest {
  @BeforeAll
  static void requireLibraries() {
    CudaUnderTest.libraries();
  }

  @Override
  Backend open() {
    return CudaUnderTest.open();
  }
}
