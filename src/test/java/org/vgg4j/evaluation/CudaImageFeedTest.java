package org.vgg4j.evaluation;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;

/** The GPU engine preprocesses what it can itself; the host does the rest. */
@OnCuda
final class CudaImageFeedTest {
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void theInputIsThePreprocessedImages(Precision precision) {
    try (Backend backend =
        CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.AUTO))) {
      ImageFeedTest.assertInputs(backend);
    }
  }
}
