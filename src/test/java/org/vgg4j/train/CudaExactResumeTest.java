package org.vgg4j.train;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.tensor.Backend;

@Tag("cuda")
final class CudaExactResumeTest extends ExactResumeTest {
  @BeforeAll
  static void requireLibraries() {
    CudaUnderTest.libraries();
  }

  @Override
  Backend open() {
    return CudaUnderTest.open();
  }

  @Override
  int interruptions() {
    return 5; // of each of four rows
  }
}
