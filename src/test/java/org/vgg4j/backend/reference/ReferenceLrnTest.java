package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertClose;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;
import static org.vgg4j.backend.reference.ReferenceFixture.read;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

final class ReferenceLrnTest {
  private final ReferenceFixture fixture = new ReferenceFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void normalisesByHand() {
    // alpha / size = 1, beta 1, k 1: divisors 1 + 1 + 4, 1 + 1 + 4 + 9, 1 + 4 + 9.
    Layout layout = fixture.layout(1, 3, 1, 1);
    WindowPlan plan = plan(new LrnSpec(3, 3, 1, 1), layout, Usage.TRAINING);
    Tensor y = fixture.poisoned(layout);
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(fixture.tensor(layout, 1, 2, 3), y, saved);
    assertValues(y, 1.0 / 6, 2.0 / 15, 3.0 / 14);
    assertValues(saved, 6, 15, 14);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 9})
  void matchesTheFormulaAndItsGradient(int size) {
    Layout layout = fixture.layout(2, 6, 2, 3); // Fewer channels than the widest window.
    LrnSpec spec = new LrnSpec(size, 0.5, 0.75, 2);
    WindowPlan plan = plan(spec, layout, Usage.TRAINING);
    Tensor x = fixture.random(layout, size);
    Tensor y = fixture.poisoned(layout);
    Tensor saved = fixture.poisoned(plan.saved());
    plan.forward(x, y, saved);
    assertClose(read(y), direct(spec, read(x)), 1e-14);
    Tensor inferred = fixture.poisoned(layout);
    WindowPlan inference = plan(spec, layout, Usage.INFERENCE);
    assertNull(inference.saved());
    inference.forward(x, inferred, null);
    assertClose(read(inferred), read(y), 0);

    Tensor dy = fixture.random(layout, 100);
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
  void refusesWhatItWasNotPlannedFor() {
    Layout layout = fixture.layout(1, 3, 1, 1);
    WindowPlan inference = plan(LrnSpec.KRIZHEVSKY, layout, Usage.INFERENCE);
    Tensor x = fixture.poisoned(layout);
    assertThrows(IllegalArgumentException.class, () -> inference.forward(x, x, x));
    assertThrows(IllegalStateException.class, () -> inference.backward(x, x, x, null, x));
    assertThrows(
        IllegalArgumentException.class,
        () -> plan(LrnSpec.KRIZHEVSKY, fixture.layout(3, 2, 2), Usage.TRAINING));
  }

  private WindowPlan plan(LrnSpec spec, Layout x, Usage usage) {
    return fixture.own(fixture.backend.localResponseNorm(spec, x, usage));
  }

  /** The definition for x of shape (2, 6, 2, 3). */
  private static double[] direct(LrnSpec spec, double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i / 6 % 6;
      double sum = 0;
      for (int shift = -(spec.size() - 1) / 2; shift <= (spec.size() - 1) / 2; shift++) {
        if (c + shift >= 0 && c + shift < 6) {
          sum += Math.pow(x[i + shift * 6], 2);
        }
      }
      y[i] = x[i] / Math.pow(spec.k() + spec.alpha() / spec.size() * sum, spec.beta());
    }
    return y;
  }
}
