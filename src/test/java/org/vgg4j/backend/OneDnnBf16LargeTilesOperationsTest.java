package org.vgg4j.backend;

import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;

/** The CPU engine's operations in bf16 with convolutions by minimal filtering of tiles of 6x6. */
final class OneDnnBf16LargeTilesOperationsTest extends OneDnnBf16WinogradOperationsTest {
  @Override
  Convolutions way() {
    return Convolutions.WINOGRAD_6X6;
  }
}
