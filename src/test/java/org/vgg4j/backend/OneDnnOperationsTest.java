package org.vgg4j.backend;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.tensor.Backend;

/** The CPU engine's operations, product by product, against the reference. */
final class OneDnnOperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return new OneDnnBackend(
        OneDnnOptions.DEFAULT.withConvolutions(OneDnnOptions.Convolutions.DIRECT));
  }
}
