package org.vgg4j.run;

import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;

/**
 * On the GPU engine, between an engine that keeps the batch norms' outputs and one that computes
 * them again.
 */
@OnCuda
class CudaExactResumeTest extends ExactResumeTest {
  Precision precision() {
    return Precision.FP32;
  }

  @Override
  final Backend open() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(precision(), Activations.KEEP));
  }

  @Override
  final Backend openOther() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(precision(), Activations.RECOMPUTE));
  }

  @Override
  final VggConfig net(TinyTraining training) {
    return TinyTraining.IN_A_ROW;
  }

  @Override
  int interruptions() {
    return 5; // of each of four rows
  }
}
