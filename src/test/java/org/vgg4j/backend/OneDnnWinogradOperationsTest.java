package org.vgg4j.backend;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.tensor.Backend;

/** The CPU engine's operations with convolutions by minimal filtering wherever it can do that. */
class OneDnnWinogradOperationsTest extends EngineOperationsTest {
  /** Returns how convolutions are computed. */
  OneDnnOptions.Convolutions way() {
    return OneDnnOptions.Convolutions.WINOGRAD_1D;
  }

  @Override
  Backend open() {
    return new OneDnnBackend(OneDnnOptions.DEFAULT.withConvolutions(way()));
  }

  /** A sixth is no binary fraction: {@link OneDnnOperationsTest} has what is exact. */
  @Override
  void convolutionOfIntegersIsExact(ConvCase c) {}
}
