package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ShapeTest {
  @Test
  void countsAndPrints() {
    Shape shape = Shape.of(64, 3, 224, 225);
    assertEquals("64x3x224x225", shape.toString());
    assertEquals(64L * 3 * 224 * 225, shape.elementCount());
    assertEquals(4, shape.rank());
    assertEquals(225, shape.dim(3));
    assertEquals("scalar", Shape.of().toString());
    assertEquals(1, Shape.of().elementCount());
  }

  @Test
  void isAValue() {
    int[] dims = {2, 3};
    Shape shape = Shape.of(dims);
    dims[0] = 7;
    shape.toArray()[1] = 7;
    assertArrayEquals(new int[] {2, 3}, shape.toArray());
    assertEquals(Shape.of(2, 3), shape);
    assertEquals(Shape.of(2, 3).hashCode(), shape.hashCode());
    assertNotEquals(Shape.of(3, 2), shape);
    assertNotEquals(Shape.of(2, 3, 1), shape);
  }

  @Test
  void changesItsBatch() {
    assertEquals(Shape.of(5, 3, 4), Shape.of(2, 3, 4).withBatch(5));
    assertEquals(Shape.of(3, 4), Shape.of(2, 3, 4).withoutBatch());
  }

  @Test
  void refusesWhatIsNoShape() {
    assertMessage("shape [2, 0] has an extent below 1", () -> Shape.of(2, 0));
    assertMessage("shape [-1] has an extent below 1", () -> Shape.of(-1));
    int huge = Integer.MAX_VALUE;
    assertMessage(
        "shape [2147483647, 2147483647, 4] has more than 2^63 elements",
        () -> Shape.of(huge, huge, 4));
  }

  @Test
  void refusesAnArrayThatJavaCannotMake() {
    assertEquals(6, Shape.of(2, 3).arrayLength());
    assertMessage(
        "a tensor of shape 65536x65536 is too large for a Java array",
        () -> Shape.of(65536, 65536).arrayLength());
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(InvalidInputException.class, action::run).getMessage());
  }
}
