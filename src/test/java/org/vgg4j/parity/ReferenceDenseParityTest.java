package org.vgg4j.parity;

import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;

final class ReferenceDenseParityTest extends DenseParityTest {
  @Override
  Backend open() {
    return new ReferenceBackend();
  }

  @Override
  double tolerance() {
    return 1e-12;
  }
}
