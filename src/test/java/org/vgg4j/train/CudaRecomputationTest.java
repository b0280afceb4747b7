package org.vgg4j.train;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.Precision;

/** The same on the GPU engine with deterministic plans. */
@OnCuda
final class CudaRecomputationTest {
  @ParameterizedTest
  @CsvSource({
    "FP32, AUTO, '4,5,M,6,6c1,5,M,7,M', true",
    "FP32, RECOMPUTE, '4,5,M,6,6c1,5,M,7,M', true",
    "FP32, AUTO, '4,L,M,6,M,7,5,M', false",
    "BF16, AUTO, '4,5,M,6,6c1,5,M,7,M', true",
    "BF16, KEEP, '4,5,M,6,6c1,5,M,7,M', false"
  })
  void theBitsAreTheSame(
      Precision precision, Activations activations, String layers, boolean batchNorm) {
    RecomputationTest.requireSameBits(
        precision + ", " + activations,
        layers,
        batchNorm,
        () -> CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations)));
  }
}
