package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.tensor.Backend;

/** The CPU engine with convolutions by minimal filtering. */
final class OneDnnWinogradParityTest extends OneDnnParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend(
        OneDnnOptions.DEFAULT.withConvolutions(OneDnnOptions.Convolutions.WINOGRAD));
  }

  @Override
  String engine() {
    return "cpu winograd";
  }
}
