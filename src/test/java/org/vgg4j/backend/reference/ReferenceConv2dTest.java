package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertClose;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;
import static org.vgg4j.backend.reference.ReferenceFixture.read;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

final class ReferenceConv2dTest {
  private final ReferenceFixture fixture = new ReferenceFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void correlatesWithPaddingByHand() {
    // x is 2 rows of 3, so that rows and columns cannot be confused; the filter counts up and is
    // not flipped: y[0][0] = 5 * 1 + 6 * 2 + 8 * 4 + 9 * 5.
    WeightedPlan plan = plan(new Conv2dSpec(1, 1, 3, 1, true, false), Usage.TRAINING, 1, 1, 2, 3);
    Tensor x = fixture.tensor(fixture.layout(1, 1, 2, 3), 1, 2, 3, 4, 5, 6);
    Tensor w = fixture.tensor(plan.w(), 1, 2, 3, 4, 5, 6, 7, 8, 9);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(x, w, fixture.tensor(fixture.layout(1), 100), y);
    assertValues(y, 194, 254, 206, 158, 191, 158);

    Tensor dy = fixture.tensor(plan.y(), 1, 0, 0, 0, 0, 10);
    Tensor dx = fixture.poisoned(x.layout());
    plan.backwardData(w, dy, dx);
    assertValues(dx, 5, 16, 20, 8, 49, 50);
    Tensor dw = fixture.poisoned(plan.w());
    Tensor db = fixture.poisoned(fixture.layout(1));
    plan.backwardWeights(x, dy, dw, db);
    assertValues(dw, 20, 30, 0, 50, 61, 2, 0, 4, 5);
    assertValues(db, 11);
  }

  @Test
  void sumsOverChannelsByHand() {
    // 1x1: y[k] = w[k][0] x[0] + w[k][1] x[1], for 3 outputs of 2 inputs.
    WeightedPlan plan = plan(new Conv2dSpec(2, 3, 1, 0, false, false), Usage.TRAINING, 1, 2, 1, 2);
    Tensor x = fixture.tensor(fixture.layout(1, 2, 1, 2), 1, 2, 10, 20);
    Tensor w = fixture.tensor(plan.w(), 1, 2, 3, 4, 5, 6);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(x, w, null, y);
    assertValues(y, 21, 42, 43, 86, 65, 130);
  }

  @Test
  void appliesItsRelu() {
    WeightedPlan plan = plan(new Conv2dSpec(1, 1, 1, 0, true, true), Usage.INFERENCE, 1, 1, 1, 3);
    Tensor x = fixture.tensor(fixture.layout(1, 1, 1, 3), -1, 2, Double.NaN);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(x, fixture.tensor(plan.w(), 2), fixture.tensor(fixture.layout(1), 1), y);
    assertValues(y, 0, 5, Double.NaN);
  }

  @ParameterizedTest
  @CsvSource({
    // N, C, K, H, W, kernel, padding
    "2, 3, 4, 5, 6, 3, 1",
    "1, 1, 1, 1, 1, 3, 1",
    "2, 2, 3, 1, 4, 3, 1",
    "3, 2, 1, 4, 3, 3, 0",
    "2, 3, 2, 3, 5, 1, 0",
    "1, 2, 2, 4, 6, 5, 4",
    "2, 1, 2, 4, 3, 3, 2"
  })
  void matchesTheSumAndItsGradients(int n, int c, int k, int h, int w, int kernel, int padding) {
    Conv2dSpec spec = new Conv2dSpec(c, k, kernel, padding, true, false);
    WeightedPlan plan = plan(spec, Usage.TRAINING, n, c, h, w);
    Tensor x = fixture.random(fixture.layout(n, c, h, w), 1);
    Tensor filter = fixture.random(plan.w(), 2);
    Tensor b = fixture.random(fixture.layout(k), 3);
    Tensor y = fixture.poisoned(plan.y());
    plan.forward(x, filter, b, y);
    assertClose(read(y), direct(spec, x, filter, b), 1e-13);

    Tensor dy = fixture.random(plan.y(), 4);
    Tensor dx = fixture.poisoned(x.layout());
    Tensor dw = fixture.poisoned(plan.w());
    Tensor db = fixture.poisoned(b.layout());
    plan.backwardData(filter, dy, dx);
    plan.backwardWeights(x, dy, dw, db);
    assertGradient("dx", x, dx, () -> forward(plan, x, filter, b, y), dy);
    assertGradient("dw", filter, dw, () -> forward(plan, x, filter, b, y), dy);
    assertGradient("db", b, db, () -> forward(plan, x, filter, b, y), dy);

    Tensor alone = fixture.poisoned(plan.w());
    plan.backwardWeights(x, dy, alone, null);
    assertClose(read(alone), read(dw), 0);
  }

  @Test
  void refusesWhatItWasNotPlannedFor() {
    Conv2dSpec spec = new Conv2dSpec(2, 3, 3, 1, false, false);
    WeightedPlan plan = plan(spec, Usage.FIRST_LAYER, 1, 2, 4, 4);
    Tensor x = fixture.poisoned(fixture.layout(1, 2, 4, 4));
    Tensor w = fixture.poisoned(plan.w());
    Tensor y = fixture.poisoned(plan.y());
    Tensor three = fixture.poisoned(fixture.layout(3));
    IllegalArgumentException shape =
        assertThrows(IllegalArgumentException.class, () -> plan.forward(y, w, null, y));
    assertEquals(
        "convolution x was planned for F64 1x2x4x4 and got F64 1x3x4x4", shape.getMessage());
    assertThrows(IllegalArgumentException.class, () -> plan.forward(x, w, three, y));
    assertThrows(IllegalArgumentException.class, () -> plan.backwardWeights(x, y, w, three));
    IllegalArgumentException missing =
        assertThrows(IllegalArgumentException.class, () -> plan.forward(null, w, null, y));
    assertEquals("convolution x is missing", missing.getMessage());
    IllegalStateException gradient =
        assertThrows(IllegalStateException.class, () -> plan.backwardData(w, y, x));
    assertEquals("convolution: planned without the gradient of its input", gradient.getMessage());
    WeightedPlan inference = plan(spec, Usage.INFERENCE, 1, 2, 4, 4);
    assertThrows(IllegalStateException.class, () -> inference.backwardWeights(x, y, w, null));
    Layout wrong = fixture.layout(3, 2, 1, 1);
    IllegalArgumentException weights =
        assertThrows(
            IllegalArgumentException.class,
            () -> fixture.backend.conv2d(spec, x.layout(), wrong, Usage.TRAINING));
    assertEquals("convolution: w is F64 3x2x1x1, needed is F64 3x2x3x3", weights.getMessage());
    plan.close();
    assertThrows(IllegalStateException.class, () -> plan.forward(x, w, null, y));
  }

  private WeightedPlan plan(Conv2dSpec spec, Usage usage, int... x) {
    return fixture.own(fixture.backend.conv2d(spec, fixture.layout(x), null, usage));
  }

  private static Tensor forward(WeightedPlan plan, Tensor x, Tensor w, Tensor b, Tensor y) {
    plan.forward(x, w, b, y);
    return y;
  }

  /** The definition, index by index. */
  private static double[] direct(Conv2dSpec spec, Tensor x, Tensor w, Tensor b) {
    int[] d = x.shape().toArray();
    int[] out = spec.y(x.shape()).toArray();
    double[] xs = read(x);
    double[] ws = read(w);
    double[] ys = new double[spec.y(x.shape()).arrayLength()];
    int at = 0;
    for (int n = 0; n < out[0]; n++) {
      for (int k = 0; k < out[1]; k++) {
        for (int p = 0; p < out[2]; p++) {
          for (int q = 0; q < out[3]; q++) {
            double sum = read(b)[k];
            for (int i = 0; i < d[1] * spec.kernel() * spec.kernel(); i++) {
              int c = i / (spec.kernel() * spec.kernel());
              int h = p + i / spec.kernel() % spec.kernel() - spec.padding();
              int v = q + i % spec.kernel() - spec.padding();
              if (h >= 0 && h < d[2] && v >= 0 && v < d[3]) {
                sum +=
                    ws[k * d[1] * spec.kernel() * spec.kernel() + i]
                        * xs[((n * d[1] + c) * d[2] + h) * d[3] + v];
              }
            }
            ys[at++] = sum;
          }
        }
      }
    }
    return ys;
  }
}
