package org.vgg4j.evaluation;

import org.junit.jupiter.api.Test;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

/** The GPU engine preprocesses what it can itself; the host does the rest. */
@OnCuda
final class CudaImageFeedTest {
  @Test
  void theInputIsThePreprocessedImages() {
    try (Backend backend = CudaUnderTest.open()) {
      ImageFeedTest.assertInputs(backend);
    }
  }
}
