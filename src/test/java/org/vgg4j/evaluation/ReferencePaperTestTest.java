package org.vgg4j.evaluation;

import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;

final class ReferencePaperTestTest extends PaperTestTest {
  @Override
  Backend open() {
    return new ReferenceBackend();
  }

  @Override
  double tolerance() {
    return 1e-12;
  }
}
