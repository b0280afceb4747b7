package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.tensor.Backend;

final class OneDnnUpdatesParityTest extends UpdatesParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend();
  }

  @Override
  double tolerance() {
    return 1e-4;
  }
}
