package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

final class ReferenceMaxPool2dTest {
  private final ReferenceFixture fixture = new ReferenceFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void takesTheLargestAndLeavesOutIncompleteWindows() {
    // 3 rows of 5: the last row and the last column are in no window.
    Layout layout = fixture.layout(1, 1, 3, 5);
    WindowPlan plan = plan(2, 2, layout);
    Tensor x = fixture.tensor(layout, 1, 2, 8, 7, 99, 4, 3, 5, 6, 99, 99, 99, 99, 99, 99);
    Tensor y = fixture.poisoned(plan.y());
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(x, y, saved);
    assertValues(y, 4, 8);
    assertPositions(saved, 5, 2);
    Tensor dx = fixture.poisoned(layout);
    plan.backward(x, y, fixture.tensor(plan.y(), 10, 20), saved, dx);
    assertValues(dx, 0, 0, 20, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void givesTiesToTheFirst() {
    Layout layout = fixture.layout(1, 2, 2, 4);
    WindowPlan plan = plan(2, 2, layout);
    double low = Double.NEGATIVE_INFINITY;
    Tensor x =
        fixture.tensor(layout, 0, 0, 1, 3, 0, 0, 3, 3, low, low, -0.0, 0.0, low, low, 0.0, 0.0);
    Tensor y = fixture.poisoned(plan.y());
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(x, y, saved);
    assertValues(y, 0, 3, low, -0.0);
    assertPositions(saved, 0, 3, 0, 2);
    Tensor dx = fixture.poisoned(layout);
    plan.backward(x, y, fixture.tensor(plan.y(), 1, 2, 3, 4), saved, dx);
    assertValues(dx, 1, 0, 0, 2, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0);
  }

  @Test
  void letsNoNanGetLost() {
    Layout layout = fixture.layout(1, 4, 2, 2);
    WindowPlan plan = plan(2, 2, layout);
    double nan = Double.NaN;
    double high = Double.POSITIVE_INFINITY;
    Tensor x =
        fixture.tensor(layout, nan, 1, 2, 3, 1, 2, 3, nan, high, nan, 1, high, nan, 1, nan, 1);
    Tensor y = fixture.tensor(plan.y(), 1, 1, 1, 1);
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(x, y, saved);
    assertValues(y, nan, nan, nan, nan);
    assertPositions(saved, 0, 3, 1, 2);
  }

  @Test
  void addsUpWhereWindowsOverlap() {
    Layout layout = fixture.layout(1, 1, 3, 3);
    WindowPlan plan = plan(2, 1, layout);
    Tensor x = fixture.tensor(layout, 1, 2, 3, 4, 9, 5, 6, 7, 8);
    Tensor y = fixture.poisoned(plan.y());
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(x, y, saved);
    assertValues(y, 9, 9, 9, 9);
    Tensor dx = fixture.poisoned(layout);
    plan.backward(x, y, fixture.tensor(plan.y(), 1, 2, 4, 8), saved, dx);
    assertValues(dx, 0, 0, 0, 0, 15, 0, 0, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({"2, 2, 6, 4", "3, 2, 7, 5", "2, 1, 4, 3", "1, 1, 2, 3", "2, 3, 6, 7"})
  void hasTheRightGradient(int kernel, int stride, int h, int w) {
    Layout layout = fixture.layout(2, 3, h, w);
    WindowPlan plan = plan(kernel, stride, layout);
    Tensor x = fixture.random(layout, 1);
    Tensor y = fixture.poisoned(plan.y());
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(x, y, saved);
    Tensor dy = fixture.random(plan.y(), 2);
    Tensor dx = fixture.poisoned(layout);
    plan.backward(x, y, dy, saved, dx);
    assertGradient(
        "dx",
        x,
        dx,
        () -> {
          plan.forward(x, y, saved);
          return y;
        },
        dy);
  }

  @Test
  void savesNothingForInference() {
    Layout layout = fixture.layout(1, 1, 2, 2);
    WindowPlan plan =
        fixture.own(fixture.backend.maxPool2d(new MaxPool2dSpec(2, 2), layout, Usage.INFERENCE));
    assertNull(plan.saved());
    Tensor x = fixture.tensor(layout, 1, 4, 3, 2);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(x, y, null);
    assertValues(y, 4);
    assertThrows(IllegalArgumentException.class, () -> plan.forward(x, y, y));
    assertThrows(IllegalStateException.class, () -> plan.backward(x, y, y, null, x));
  }

  @Test
  void refusesAClosedArenaEvenWhereItReadsNothing() {
    Layout layout = fixture.layout(1, 1, 2, 2);
    WindowPlan plan = plan(2, 2, layout);
    Arena arena = fixture.arena(layout.bytes());
    Tensor dead = arena.tensor(0, layout);
    arena.close();
    Tensor y = fixture.tensor(plan.y(), 1);
    Tensor saved = fixture.tensor(fixture.layout(1), 0);
    Tensor positions = fixture.integers(plan.saved().shape(), 3);
    Tensor dx = fixture.tensor(layout, 1, 2, 3, 4);
    assertThrows(IllegalStateException.class, () -> plan.backward(dead, y, y, positions, dx));
    assertThrows(IllegalArgumentException.class, () -> plan.backward(dx, y, y, saved, dx));
    assertValues(dx, 1, 2, 3, 4);
  }

  private WindowPlan plan(int kernel, int stride, Layout x) {
    MaxPool2dSpec spec = new MaxPool2dSpec(kernel, stride);
    return fixture.own(fixture.backend.maxPool2d(spec, x, Usage.TRAINING));
  }

  private static void assertPositions(Tensor saved, int... expected) {
    int[] actual = new int[expected.length];
    saved.download(actual);
    assertArrayEquals(expected, actual);
  }
}
