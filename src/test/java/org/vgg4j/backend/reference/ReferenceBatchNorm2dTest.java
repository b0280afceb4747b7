package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertClose;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;
import static org.vgg4j.backend.reference.ReferenceFixture.read;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

final class ReferenceBatchNorm2dTest {
  private final ReferenceFixture fixture = new ReferenceFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void normalisesAndAveragesByHandOverTwoSteps() {
    // Two channels over N = 2, H W = 2. Channel 0 is 1, 3, 5, 7: mean 4, squares 9 + 1 + 1 + 9 =
    // 20, biased variance 5, unbiased 20/3. Channel 1 is 10 everywhere: mean 10, variance 0.
    Layout layout = fixture.layout(2, 2, 1, 2);
    BatchNorm2dSpec spec = new BatchNorm2dSpec(2, 4, 0.1, false, false); // 5 + 4 has a square root
    BatchNorm2dPlan plan = fixture.own(fixture.backend.batchNorm2d(spec, layout, Usage.TRAINING));
    Layout channel = fixture.layout(2);
    Tensor gamma = fixture.tensor(channel, 3, 5);
    Tensor beta = fixture.tensor(channel, 1, -1);
    Tensor mean = fixture.tensor(channel, 0, 0);
    Tensor var = fixture.tensor(channel, 1, 1);
    Tensor y = fixture.poisoned(layout);
    Tensor saved = fixture.poisoned(plan.saved());
    Tensor x = fixture.tensor(layout, 1, 3, 10, 10, 5, 7, 10, 10);
    plan.forwardTraining(x, gamma, beta, mean, var, y, saved);
    assertValues(y, -2, 0, -1, -1, 2, 4, -1, -1); // (x - 4) / 3 * 3 + 1
    assertValues(saved, 4, 10, 1.0 / 3, 0.5);
    assertValues(mean, 0.4, 1);
    assertValues(var, 0.9 + 2.0 / 3, 0.9);

    x = fixture.tensor(layout, 0, 0, 0, 2, 0, 4, 0, 2);
    plan.forwardTraining(x, gamma, beta, mean, var, y, saved);
    // Channel 0: mean 1, squares 1 + 1 + 1 + 9 = 12; channel 1: mean 1, squares 4.
    assertValues(mean, 0.9 * 0.4 + 0.1, 0.9 + 0.1);
    assertValues(var, 0.9 * (0.9 + 2.0 / 3) + 0.4, 0.9 * 0.9 + 0.4 / 3);

    double[] before = read(mean);
    Tensor var5 = fixture.tensor(channel, 5, 0);
    Tensor mean4 = fixture.tensor(channel, 4, 10);
    ReferenceFixture.poison(y);
    plan.forwardInference(
        fixture.tensor(layout, 1, 3, 12, 10, 5, 7, 10, 10), gamma, beta, mean4, var5, y);
    assertValues(y, -2, 0, 4, -1, 2, 4, -1, -1);
    assertValues(mean4, 4, 10);
    assertValues(var5, 5, 0);
    assertClose(read(mean), before, 0);
  }

  @Test
  void keepsTheVarianceOfLargeValues() {
    // A single pass would subtract 1e18 from 1e18 + 1.
    Layout layout = fixture.layout(4, 1, 1, 1);
    BatchNorm2dSpec spec = new BatchNorm2dSpec(1, 1e-5, 1, false, false);
    BatchNorm2dPlan plan = fixture.own(fixture.backend.batchNorm2d(spec, layout, Usage.TRAINING));
    Tensor x = fixture.tensor(layout, 1e9 + 1, 1e9 - 1, 1e9 + 1, 1e9 - 1);
    Tensor one = fixture.tensor(fixture.layout(1), 1);
    Tensor zero = fixture.tensor(fixture.layout(1), 0);
    Tensor mean = fixture.tensor(fixture.layout(1), 0);
    Tensor var = fixture.tensor(fixture.layout(1), 0);
    Tensor y = fixture.poisoned(layout);
    plan.forwardTraining(x, one, zero, mean, var, y, fixture.poisoned(plan.saved()));
    double expected = 1 / Math.sqrt(1 + 1e-5);
    assertValues(y, expected, -expected, expected, -expected);
    assertValues(mean, 1e9);
    assertValues(var, 4.0 / 3);
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void hasTheRightGradients(boolean relu, boolean frozen) {
    Layout layout = fixture.layout(3, 2, 3, 4);
    BatchNorm2dSpec spec = new BatchNorm2dSpec(2, 1e-5, 0.1, relu, frozen);
    BatchNorm2dPlan plan = fixture.own(fixture.backend.batchNorm2d(spec, layout, Usage.TRAINING));
    Layout channel = fixture.layout(2);
    Tensor x = fixture.random(layout, 1);
    Tensor gamma = fixture.tensor(channel, 1.5, -0.7);
    Tensor beta = fixture.tensor(channel, 0.3, 0.2);
    Tensor mean = fixture.tensor(channel, 0.1, -0.2);
    Tensor var = fixture.tensor(channel, 0.5, 2);
    Tensor y = fixture.poisoned(layout);
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forwardTraining(x, gamma, beta, mean, var, y, saved);
    if (frozen) {
      assertValues(mean, 0.1, -0.2);
      assertValues(var, 0.5, 2);
    }
    Tensor dy = fixture.random(layout, 2);
    Tensor dx = fixture.poisoned(layout);
    Tensor dgamma = fixture.poisoned(channel);
    Tensor dbeta = fixture.poisoned(channel);
    plan.backward(x, dy, gamma, beta, saved, dx, dgamma, dbeta);
    for (Object[] pair :
        new Object[][] {{"dx", x, dx}, {"dgamma", gamma, dgamma}, {"dbeta", beta, dbeta}}) {
      assertGradient(
          (String) pair[0],
          (Tensor) pair[1],
          (Tensor) pair[2],
          () -> {
            plan.forwardTraining(x, gamma, beta, mean, var, y, saved);
            return y;
          },
          dy);
    }
  }

  @Test
  void masksItsReluByItsInput() {
    Layout layout = fixture.layout(1, 1, 1, 4);
    BatchNorm2dSpec spec = new BatchNorm2dSpec(1, 1, 0.1, true, true);
    BatchNorm2dPlan plan = fixture.own(fixture.backend.batchNorm2d(spec, layout, Usage.TRAINING));
    Tensor one = fixture.tensor(fixture.layout(1), 1);
    Tensor zero = fixture.tensor(fixture.layout(1), 0);
    Tensor x = fixture.tensor(layout, -1, 0, 2, 3);
    Tensor y = fixture.poisoned(layout);
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forwardTraining(x, one, zero, zero, zero, y, saved);
    assertValues(y, 0, 0, 2, 3);
    Tensor dx = fixture.poisoned(layout);
    Tensor dgamma = fixture.poisoned(fixture.layout(1));
    Tensor dbeta = fixture.poisoned(fixture.layout(1));
    Tensor dy = fixture.tensor(layout, 10, 20, 30, 40);
    plan.backward(x, dy, one, zero, saved, dx, dgamma, dbeta);
    assertValues(dx, 0, 0, 30, 40);
    assertValues(dgamma, 180);
    assertValues(dbeta, 70);
  }

  @Test
  void leavesOutTheInputGradientWhenPlannedWithout() {
    Layout layout = fixture.layout(1, 1, 1, 2);
    BatchNorm2dSpec spec = new BatchNorm2dSpec(1, 1, 0.1, false, true);
    BatchNorm2dPlan plan =
        fixture.own(fixture.backend.batchNorm2d(spec, layout, Usage.FIRST_LAYER));
    Tensor one = fixture.tensor(fixture.layout(1), 1);
    Tensor x = fixture.tensor(layout, 3, 4);
    Tensor saved = fixture.tensor(plan.saved(), 1, 2);
    Tensor dgamma = fixture.poisoned(one.layout());
    Tensor dbeta = fixture.poisoned(one.layout());
    plan.backward(x, x, one, one, saved, null, dgamma, dbeta);
    assertValues(dgamma, 3 * 4 + 4 * 6);
    assertValues(dbeta, 7);
    assertThrows(
        IllegalArgumentException.class,
        () -> plan.backward(x, x, one, one, saved, x, dgamma, dbeta));
  }

  @Test
  void refusesASingleValueAndTrainingWithoutAPlan() {
    Layout single = fixture.layout(1, 2, 1, 1);
    BatchNorm2dSpec spec = BatchNorm2dSpec.of(2, false);
    InvalidInputException thrown =
        assertThrows(
            InvalidInputException.class,
            () -> fixture.backend.batchNorm2d(spec, single, Usage.TRAINING));
    assertEquals(
        "batchSize must give batch norm in training more than one value per channel, not an input"
            + " of 1x2x1x1",
        thrown.getMessage());
    fixture.own(
        fixture.backend.batchNorm2d(
            new BatchNorm2dSpec(2, 1e-5, 0.1, false, true), single, Usage.TRAINING));

    BatchNorm2dPlan plan = fixture.own(fixture.backend.batchNorm2d(spec, single, Usage.INFERENCE));
    assertNull(plan.saved());
    Tensor x = fixture.tensor(single, 1, 2);
    Tensor c = fixture.tensor(fixture.layout(2), 1, 1);
    assertThrows(IllegalStateException.class, () -> plan.forwardTraining(x, c, c, c, c, x, null));
    assertThrows(IllegalStateException.class, () -> plan.backward(x, x, c, c, null, x, c, c));
  }
}
