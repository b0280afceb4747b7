package org.vgg4j.backend;

import org.vgg4j.backend.onednn.OneDnnOptions;

/** The same with minimal filtering in two dimensions. */
final class OneDnnWinograd2dOperationsTest extends OneDnnWinogradOperationsTest {
  /**
   * {@inheritDoc} Each dimension's transforms add values of both signs with factors up to 8, which
   * cancel in the end, but for their rounding.
   */
  @Override
  double growth() {
    return 4;
  }

  @Override
  OneDnnOptions.Convolutions way() {
    return OneDnnOptions.Convolutions.WINOGRAD_2D;
  }
}
