package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.vgg4j.backend.reference.ReferenceFixture.assertClose;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.read;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

final class ReferenceDropoutTest {
  private final ReferenceFixture fixture = new ReferenceFixture();
  private final StepState state = fixture.own(fixture.backend.newStepState());
  private final Layout layout = fixture.layout(100, 100);
  private final Tensor ones = fixture.tensor(layout, filled(1));

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void drawsAsItsSpecSays() {
    state.seed(11);
    state.set(3, 5, 0);
    double p = 0.3;
    double[] y = draw(p, 7);
    long key = CounterRandom.key(11, 7, 5);
    double[] expected = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      double draw = (CounterRandom.bits(key, i) >>> 40) / 16777216.0; // in [0, 1)
      expected[i] = draw < p ? 0 : 1 / 0.7;
    }
    assertClose(y, expected, 1e-15);
  }

  @Test
  void zeroesTheShareItShould() {
    for (double p : new double[] {0.1, 0.5, 0.9}) {
      long zeros = Arrays.stream(draw(p, 1)).filter(value -> value == 0).count();
      // Four standard deviations of the binomial distribution.
      assertEquals(p * 10_000, (double) zeros, 4 * Math.sqrt(10_000 * p * (1 - p)));
    }
    assertArrayEquals(filled(1), draw(0, 1));
  }

  @Test
  void followsSeedStreamAndForwardPassOnly() {
    state.seed(1);
    state.set(0, 0, 0);
    double[] first = draw(0.5, 1);
    state.set(9, 0, 0.1);
    assertArrayEquals(first, draw(0.5, 1));
    assertFalse(Arrays.equals(first, draw(0.5, 2)));
    state.set(0, 1, 0);
    assertFalse(Arrays.equals(first, draw(0.5, 1)));
    state.set(0, 0, 0);
    state.seed(2);
    assertFalse(Arrays.equals(first, draw(0.5, 1)));
  }

  @Test
  void hasTheRightGradientAndWorksInPlace() {
    Layout small = fixture.layout(2, 3, 2, 2);
    DropoutPlan plan = fixture.own(fixture.backend.dropout(new DropoutSpec(0.4, 3), small, state));
    Tensor x = fixture.random(small, 1);
    Tensor y = fixture.poisoned(small);
    Tensor dy = fixture.random(small, 2);
    Tensor dx = fixture.poisoned(small);
    plan.backward(dy, dx);
    assertGradient(
        "dx",
        x,
        dx,
        () -> {
          plan.forward(x, y);
          return y;
        },
        dy);
    plan.forward(x, y);
    plan.forward(x, x);
    assertArrayEquals(read(y), read(x));
    Tensor inPlace = fixture.tensor(small, read(dy));
    plan.backward(inPlace, inPlace);
    assertArrayEquals(read(dx), read(inPlace));
  }

  private double[] draw(double p, long stream) {
    DropoutSpec spec = new DropoutSpec(p, stream);
    Tensor y = fixture.poisoned(layout);
    fixture.own(fixture.backend.dropout(spec, layout, state)).forward(ones, y);
    return read(y);
  }

  private static double[] filled(double value) {
    double[] values = new double[10_000];
    Arrays.fill(values, value);
    return values;
  }
}
