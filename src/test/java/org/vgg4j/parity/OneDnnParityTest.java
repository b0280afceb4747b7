package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.tensor.Backend;

/** The CPU engine, in single precision. */
class OneDnnParityTest extends ParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend();
  }

  @Override
  String engine() {
    return "cpu";
  }

  @Override
  double tolerance() {
    return 1e-4;
  }
}
