package org.vgg4j.parity;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;

/** The reference, which computes in double as well and so stays with libtorch for all ten steps. */
final class ReferenceParityTest extends ParityTest {
  @Override
  Backend open() {
    return new ReferenceBackend();
  }

  @Override
  String engine() {
    return "reference";
  }

  /**
   * Rounding differs by some 1e-15, ten steps make it a thousand times larger at most (the
   * fixtures' seeds are chosen for that), and 1e-9 leaves room for longer sums.
   */
  @Override
  double tolerance() {
    return 1e-9;
  }

  @ParameterizedTest
  @MethodSource("runs")
  void consecutiveSteps(Trained trained) {
    steps(trained, "reference, ten steps on end", true);
  }
}
