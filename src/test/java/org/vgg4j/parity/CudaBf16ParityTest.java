package org.vgg4j.parity;

import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.Precision;
import org.vgg4j.tensor.Backend;

/**
 * The GPU engine in bf16: passes only. Ten steps drive the gradients of the smallest nets to where
 * bf16 leaves nothing but rounding errors; the tests of optimizers look at steps.
 */
@OnCuda
final class CudaBf16ParityTest extends CudaParityTest {
  /** The unit roundoff of bf16. */
  private static final double U = 0x1p-8;

  @Override
  Backend open() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(Precision.BF16, Activations.RECOMPUTE));
  }

  @Override
  String variant() {
    return ", bf16";
  }

  /**
   * A rounding is an error of 0.4 u in the mean. The nets have up to ten layers, each with rounded
   * weights, outputs and norms: sqrt(30) 0.4 u, say 2 u. Batch norms over few values make it up to
   * four times as large.
   */
  @Override
  double tolerance() {
    return 8 * U;
  }

  /**
   * Values that are off by 8 u move as large a part of them over an edge of a ReLU or a max-pool;
   * each brings its whole gradient.
   */
  @Override
  double tolerance(String kind) {
    return kind.endsWith("gradient") || kind.endsWith("gradients")
        ? Math.sqrt(tolerance())
        : tolerance();
  }

  @Override
  void singleSteps(Trained trained) {}
}
