package org.vgg4j.backend;

import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;

/** The GPU engine's operations in bf16 against the reference. */
@OnCuda
final class CudaBf16OperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(Precision.BF16, Activations.AUTO));
  }
}
