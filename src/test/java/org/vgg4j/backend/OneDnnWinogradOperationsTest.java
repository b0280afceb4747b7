package org.vgg4j.backend;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.tensor.Backend;

/** The CPU engine's operations with convolutions by minimal filtering wherever it can do that. */
final class OneDnnWinogradOperationsTest extends EngineOperationsTest {
  @Override
  Backend open() {
    return new OneDnnBackend(
        OneDnnOptions.DEFAULT.withConvolutions(OneDnnOptions.Convolutions.WINOGRAD));
  }

  /** A sixth is no binary fraction: {@link OneDnnOperationsTest} has what is exact. */
  @Override
  void convolutionOfIntegersIsExact(ConvCase c) {}
}
