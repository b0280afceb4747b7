package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnOptions;

/** The CPU engine with convolutions by minimal filtering in two dimensions. */
final class OneDnnWinograd2dParityTest extends OneDnnWinogradParityTest {
  @Override
  OneDnnOptions.Convolutions way() {
    return OneDnnOptions.Convolutions.WINOGRAD_2D;
  }

  @Override
  String engine() {
    return "cpu winograd 2d";
  }
}
