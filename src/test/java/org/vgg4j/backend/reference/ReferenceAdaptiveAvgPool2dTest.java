package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

final class ReferenceAdaptiveAvgPool2dTest {
  private final ReferenceFixture fixture = new ReferenceFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void windowsOverlapWhereTheSizesDoNotDivide() {
    // Five columns to three: 0-1, 1-3 and 3-4, as PyTorch has them.
    Layout x = fixture.layout(1, 1, 1, 5);
    WindowPlan plan = plan(new AdaptiveAvgPool2dSpec(1, 3), x, Usage.TRAINING);
    assertNull(plan.saved());
    Tensor source = fixture.tensor(x, 1, 2, 3, 4, 6);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(source, y, null);
    assertValues(y, 1.5, 3, 5);
    Tensor dx = fixture.poisoned(x);
    plan.backward(source, y, fixture.tensor(plan.y(), 2, 6, 8), null, dx);
    assertValues(dx, 1, 1 + 2, 2, 2 + 4, 4);
  }

  @Test
  void valuesAreRepeatedInALargerOutput() {
    Layout x = fixture.layout(1, 2, 1, 1);
    WindowPlan plan = plan(new AdaptiveAvgPool2dSpec(2, 2), x, Usage.TRAINING);
    Tensor source = fixture.tensor(x, 3, 5);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(source, y, null);
    assertValues(y, 3, 3, 3, 3, 5, 5, 5, 5);
    Tensor dx = fixture.poisoned(x);
    plan.backward(source, y, fixture.tensor(plan.y(), 1, 2, 3, 4, 5, 6, 7, 8), null, dx);
    assertValues(dx, 10, 26);
  }

  @Test
  void whatItCannotDoIsRefused() {
    AdaptiveAvgPool2dSpec spec = new AdaptiveAvgPool2dSpec(7, 7);
    assertEquals(Shape.of(2, 3, 7, 7), spec.y(Shape.of(2, 3, 1, 4)));
    assertThrows(InvalidInputException.class, () -> spec.y(Shape.of(2, 3)));
    assertThrows(InvalidInputException.class, () -> new AdaptiveAvgPool2dSpec(0, 1));
    assertThrows(InvalidInputException.class, () -> new AdaptiveAvgPool2dSpec(1, -1));
    Layout x = fixture.layout(1, 1, 2, 2);
    WindowPlan plan = plan(new AdaptiveAvgPool2dSpec(1, 1), x, Usage.INFERENCE);
    Tensor any = fixture.poisoned(x);
    Tensor y = fixture.poisoned(plan.y());
    assertThrows(IllegalStateException.class, () -> plan.backward(any, y, y, null, any));
    assertThrows(IllegalArgumentException.class, () -> plan.forward(any, y, any));
  }

  private WindowPlan plan(AdaptiveAvgPool2dSpec spec, Layout x, Usage usage) {
    return fixture.own(fixture.backend.adaptiveAvgPool2d(spec, x, usage));
  }
}
