package org.vgg4j.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScalingTest {
  private static final Scaling.Link LINK = new Scaling.Link(100, 0.5);

  /** A step of 3 s: 1 forward, and 1 in each layer's backward. */
  private static final Scaling TWO =
      new Scaling(List.of(new Scaling.Layer(100, 1), new Scaling.Layer(200, 1)), 3, 200);

  @Test
  void theFormulasAreThoseOfTheBooks() {
    // 2 (4-1) (0.5 + 80/4/100) and 2 log2(4) 0.5 + 2 80/100
    assertEquals(4.2, Scaling.Way.RING.seconds(80, 4, LINK), 1e-12);
    assertEquals(3.6, Scaling.Way.TREE.seconds(80, 4, LINK), 1e-12);
    assertEquals(4.6, Scaling.Way.TREE.seconds(80, 5, LINK), 1e-12);
  }

  @Test
  void onePieceTravelsWhileTheNextIsComputed() {
    assertEquals(300, TWO.slabBytes());
    assertEquals(3, TWO.stepSeconds(1, 1, LINK, Scaling.Way.RING));
    // The last layer is ready at 2 s; its 200 bytes take 2 (0.5 + 1) s, to 5 s. Those of the first,
    // ready at 3 s, wait for it and take 2 (0.5 + 0.5) s.
    assertEquals(7, TWO.stepSeconds(2, 1, LINK, Scaling.Way.RING), 1e-12);
    // With half the images the backward ends at 1.5 s, and the first piece begins at 1 s.
    assertEquals(6, TWO.stepSeconds(2, 0.5, LINK, Scaling.Way.RING), 1e-12);
  }

  @Test
  void whatIsFastEnoughIsHiddenButForTheLastPiece() {
    Scaling.Link fast = new Scaling.Link(1e9, 1e-6);
    double step = TWO.stepSeconds(8, 1, fast, Scaling.Way.TREE);
    assertEquals(3 + Scaling.Way.TREE.seconds(100, 8, fast), step, 1e-12);
    assertTrue(step < 3.0001);
  }
}
