package org.vgg4j.parity;

import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;

/** The GPU engine in bf16, on the stand-in or on a GPU. */
@OnCuda
final class CudaBf16ParityTest extends Bf16ParityTest {
  @Override
  Backend open() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(Precision.BF16, Activations.RECOMPUTE));
  }

  @Override
  String engine() {
    return CudaParityTest.name() + ", bf16";
  }
}
