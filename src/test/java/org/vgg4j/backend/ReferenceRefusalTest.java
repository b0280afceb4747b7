package org.vgg4j.backend;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;

/** What the reference engine refuses. */
final class ReferenceRefusalTest extends EngineRefusalTest {
  @Override
  Backend open() {
    return new ReferenceBackend();
  }

  @Override
  Backend openOther() {
    return new OneDnnBackend();
  }
}
