package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.tensor.Backend;

final class OneDnnDenseParityTest extends DenseParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend();
  }

  @Override
  double tolerance() {
    return 1e-5;
  }
}
