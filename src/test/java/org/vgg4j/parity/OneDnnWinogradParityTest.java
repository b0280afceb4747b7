package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.tensor.Backend;

/** The CPU engine with convolutions by minimal filtering. */
class OneDnnWinogradParityTest extends OneDnnParityTest {
  /** Returns how convolutions are computed. */
  OneDnnOptions.Convolutions way() {
    return OneDnnOptions.Convolutions.WINOGRAD_1D;
  }

  @Override
  Backend open() {
    return new OneDnnBackend(OneDnnOptions.DEFAULT.withConvolutions(way()));
  }

  @Override
  String engine() {
    return "cpu winograd";
  }
}
