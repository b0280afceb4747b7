package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

final class ReferenceLinearTest {
  private final ReferenceFixture fixture = new ReferenceFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void multipliesByHand() {
    WeightedPlan plan = plan(new LinearSpec(3, 2, false), Usage.TRAINING, 2, 3);
    Tensor x = fixture.tensor(fixture.layout(2, 3), 1, 2, 3, 4, 5, 6);
    Tensor w = fixture.tensor(plan.w(), 1, 0, -1, 2, 3, 4);
    Tensor b = fixture.tensor(fixture.layout(2), 10, 20);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(x, w, b, y);
    assertValues(y, 8, 40, 8, 67);
    Tensor dy = fixture.tensor(plan.y(), 1, 2, 3, 4);
    Tensor dx = fixture.poisoned(x.layout());
    plan.backwardData(w, dy, dx);
    assertValues(dx, 5, 6, 7, 11, 12, 13);
    Tensor dw = fixture.poisoned(plan.w());
    Tensor db = fixture.poisoned(b.layout());
    plan.backwardWeights(x, dy, dw, db);
    assertValues(dw, 13, 17, 21, 18, 24, 30);
    assertValues(db, 4, 6);
  }

  @Test
  void appliesItsRelu() {
    WeightedPlan plan = plan(new LinearSpec(1, 3, true), Usage.INFERENCE, 1, 1);
    Tensor y = fixture.poisoned(plan.y());
    Tensor w = fixture.tensor(plan.w(), -1, 2, Double.NaN);
    Tensor b = fixture.tensor(fixture.layout(3), 0, 1, 0);
    plan.forward(fixture.tensor(fixture.layout(1, 1), 2), w, b, y);
    assertValues(y, 0, 5, Double.NaN);
  }

  @Test
  void hasTheRightGradientsForImages() {
    WeightedPlan plan = plan(new LinearSpec(12, 5, false), Usage.TRAINING, 3, 2, 2, 3);
    Tensor x = fixture.random(fixture.layout(3, 2, 2, 3), 1);
    Tensor w = fixture.random(plan.w(), 2);
    Tensor b = fixture.random(fixture.layout(5), 3);
    Tensor y = fixture.poisoned(plan.y());
    Tensor dy = fixture.random(plan.y(), 4);
    Tensor dx = fixture.poisoned(x.layout());
    Tensor dw = fixture.poisoned(plan.w());
    Tensor db = fixture.poisoned(b.layout());
    plan.backwardData(w, dy, dx);
    plan.backwardWeights(x, dy, dw, db);
    assertGradient("dx", x, dx, () -> forward(plan, x, w, b, y), dy);
    assertGradient("dw", w, dw, () -> forward(plan, x, w, b, y), dy);
    assertGradient("db", b, db, () -> forward(plan, x, w, b, y), dy);
  }

  @Test
  void refusesWhatItWasNotPlannedFor() {
    WeightedPlan plan = plan(new LinearSpec(3, 2, false), Usage.FIRST_LAYER, 2, 3);
    Tensor x = fixture.poisoned(fixture.layout(2, 3));
    Tensor y = fixture.poisoned(plan.y());
    Tensor b = fixture.poisoned(fixture.layout(2));
    Tensor turned = fixture.poisoned(fixture.layout(3, 2));
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> plan.forward(x, turned, b, y));
    assertEquals("linear layer w was planned for F64 2x3 and got F64 3x2", thrown.getMessage());
    assertThrows(IllegalStateException.class, () -> plan.backwardData(x, y, x));
    WeightedPlan inference = plan(new LinearSpec(3, 2, false), Usage.INFERENCE, 2, 3);
    assertThrows(IllegalStateException.class, () -> inference.backwardWeights(x, y, x, b));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            fixture.backend.linear(
                new LinearSpec(3, 2, false), x.layout(), turned.layout(), Usage.TRAINING));
  }

  private WeightedPlan plan(LinearSpec spec, Usage usage, int... x) {
    return fixture.own(fixture.backend.linear(spec, fixture.layout(x), null, usage));
  }

  private static Tensor forward(WeightedPlan plan, Tensor x, Tensor w, Tensor b, Tensor y) {
    plan.forward(x, w, b, y);
    return y;
  }
}
