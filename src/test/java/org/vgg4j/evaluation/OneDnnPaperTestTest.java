package org.vgg4j.evaluation;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.tensor.Backend;

final class OneDnnPaperTestTest extends PaperTestTest {
  @Override
  Backend open() {
    return new OneDnnBackend();
  }

  @Override
  double tolerance() {
    return 1e-5;
  }
}
