package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class DataParallelTest {
  @Test
  void fewGradientsTravelInSmallerPieces() {
    assertEquals(25 << 20, DataParallel.pieceBytes(25 << 20, 553L << 20));
    assertEquals(25 << 20, DataParallel.pieceBytes(25 << 20, 100 << 20));
    assertEquals(2 << 20, DataParallel.pieceBytes(25 << 20, 8 << 20));
    assertEquals(2, DataParallel.pieceBytes(25 << 20, 7));
    assertEquals(1, DataParallel.pieceBytes(1, 553L << 20));
  }
}
