package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

final class ReferenceReluTest {
  private final ReferenceFixture fixture = new ReferenceFixture();
  private final Layout layout = fixture.layout(2, 3);

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void cutsBelowZeroAndMasksByTheOutput() {
    ReluPlan plan = fixture.own(fixture.backend.relu(layout, Usage.TRAINING));
    double huge = Double.POSITIVE_INFINITY;
    Tensor x = fixture.tensor(layout, -1, 0, 2, Double.NaN, -huge, huge);
    Tensor y = fixture.poisoned(layout);
    plan.forward(x, y);
    assertValues(y, 0, 0, 2, Double.NaN, 0, huge);
    Tensor dx = fixture.poisoned(layout);
    plan.backward(y, fixture.tensor(layout, 1, 2, 3, 4, 5, 6), dx);
    assertValues(dx, 0, 0, 3, 0, 0, 6);
  }

  @Test
  void worksInPlace() {
    ReluPlan plan = fixture.own(fixture.backend.relu(layout, Usage.TRAINING));
    Tensor x = fixture.tensor(layout, -1, 5, 2, -3, 4, -2);
    plan.forward(x, x);
    assertValues(x, 0, 5, 2, 0, 4, 0);
    Tensor dy = fixture.tensor(layout, 1, 2, 3, 4, 5, 6);
    plan.backward(x, dy, dy);
    assertValues(dy, 0, 2, 3, 0, 5, 0);
  }

  @Test
  void hasNoBackwardWhenPlannedForInference() {
    ReluPlan plan = fixture.own(fixture.backend.relu(layout, Usage.INFERENCE));
    Tensor x = fixture.poisoned(layout);
    assertThrows(IllegalStateException.class, () -> plan.backward(x, x, x));
  }
}
