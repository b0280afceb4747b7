package org.vgg4j.parity;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;

/** The GPU engine with measured plans, which computes the batch norms' outputs again. */
@OnCuda
final class CudaMeasuredParityTest extends CudaParityTest {
  @TempDir private static Path cache; // so that each plan is measured once

  @Override
  Backend open() {
    return CudaUnderTest.open(
        CudaUnderTest.measuring(Precision.FP32, Activations.RECOMPUTE, Map.of(), cache));
  }

  @Override
  String variant() {
    return ", measured";
  }
}
