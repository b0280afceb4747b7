package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.HostStepState;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

final class ReferenceCrossEntropyTest {
  private static final double LOG3 = Math.log(3);

  private final ReferenceFixture fixture = new ReferenceFixture();
  private final HostStepState state = new HostStepState();
  private LossAccumulator sums = fixture.backend.newLossAccumulator();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void hasTheClosedForms() {
    // Equal logits of 4 classes: ln 4. Logits 0, ln 3: softmax 1/4, 3/4 (the others vanish).
    CrossEntropyPlan plan = plan(2, 4);
    double low = Double.NEGATIVE_INFINITY;
    Tensor logits = fixture.tensor(fixture.layout(2, 4), 7, 7, 7, 7, 0, LOG3, low, low);
    Tensor dlogits = fixture.poisoned(logits.layout());
    forward(plan, logits, fixture.integers(Shape.of(2), 2, 0), dlogits, 2, 0.5);
    assertTotals(Math.log(4) + Math.log(4), 0, 2);
    assertValues(dlogits, 0.125, 0.125, -0.375, 0.125, -0.375, 0.375, 0, 0);
  }

  @Test
  void staysFiniteForHugeLogits() {
    CrossEntropyPlan plan = plan(3, 2);
    double huge = 1e300;
    Tensor logits = fixture.tensor(fixture.layout(3, 2), huge, huge, -huge, -huge, 0, 1000);
    Tensor dlogits = fixture.poisoned(logits.layout());
    forward(plan, logits, fixture.integers(Shape.of(3), 0, 1, 0), dlogits, 3, 1);
    assertTotals(2 * Math.log(2) + 1000, 1, 3);
    assertValues(dlogits, -0.5, 0.5, 0.5, -0.5, -1, 1);
  }

  @Test
  void countsTheFirstLargestAsTheAnswer() {
    CrossEntropyPlan plan = plan(4, 3);
    Tensor logits = fixture.tensor(fixture.layout(4, 3), 5, 5, 1, 5, 5, 1, 0, 1, 2, 3, 2, 3);
    forward(plan, logits, fixture.integers(Shape.of(4), 0, 1, 2, 2), null, 4, 1);
    assertEquals(2, sums.read().correct());
  }

  @Test
  void countsLabelsAmongTheFirstFive() {
    CrossEntropyPlan plan = plan(4, 7);
    double[] row = {1, 1, 1, 1, 1, 1, 2};
    double[] rows = new double[4 * 7];
    for (int n = 0; n < 4; n++) {
      System.arraycopy(row, 0, rows, n * 7, 7);
    }
    Tensor logits = fixture.tensor(fixture.layout(4, 7), rows);
    // Class 6 comes first, then 0 to 3; of equal ones the lower count.
    forward(plan, logits, fixture.integers(Shape.of(4), 6, 3, 4, 5), null, 4, 1);
    assertEquals(1, sums.read().correct());
    assertEquals(2, sums.read().inTopFive());
    assertEquals(0.5, sums.read().topFiveAccuracy());
  }

  /** PyTorch 2.13: {@code torch.nn.CrossEntropyLoss(label_smoothing=0.1, reduction="sum")}. */
  @Test
  void smoothsLabelsAsPyTorchDoes() {
    CrossEntropyPlan plan = plan(2, 4, 0.1);
    Tensor logits = fixture.tensor(fixture.layout(2, 4), 0.5, -1, 2, 0.25, -3, 1.5, 1, 0);
    Tensor dlogits = fixture.poisoned(logits.layout());
    forward(plan, logits, fixture.integers(Shape.of(2), 2, 0), dlogits, 2, 1);
    assertTotals(5.348212861051159, 1, 2);
    assertEquals(2, sums.read().inTopFive());
    assertValues(
        dlogits,
        0.12923482528416222,
        0.009414441266120205,
        -0.23376746925846925,
        0.09511820270818683,
        -0.9189650267842981,
        0.5182509763529699,
        0.3044983730768991,
        0.09621567735442907);
    assertThrows(InvalidInputException.class, () -> plan(2, 4, 1));
    assertThrows(InvalidInputException.class, () -> plan(2, 4, -0.1));
    assertThrows(InvalidInputException.class, () -> plan(2, 4, Double.NaN));
  }

  @Test
  void takesNoAnswerFromARowWithNan() {
    double nan = Double.NaN;
    for (int position = 0; position < 3; position++) {
      for (int label = 0; label < 3; label++) {
        CrossEntropyPlan plan = plan(2, 3);
        double[] values = {1, 2, 3, 1, 2, 3};
        values[position] = nan;
        Tensor logits = fixture.tensor(fixture.layout(2, 3), values);
        Tensor dlogits = fixture.tensor(logits.layout(), new double[6]);
        forward(plan, logits, fixture.integers(Shape.of(2), label, 2), dlogits, 2, 1);
        assertEquals(1, sums.read().correct());
        assertTrue(Double.isNaN(sums.read().lossSum()));
        double[] gradient = ReferenceFixture.read(dlogits);
        assertTrue(Double.isNaN(gradient[label]) && Double.isFinite(gradient[3]));
      }
    }
  }

  @Test
  void addsUpTheFirstRowsUntilReset() {
    CrossEntropyPlan plan = plan(3, 2);
    Tensor logits = fixture.tensor(fixture.layout(3, 2), 0, LOG3, LOG3, 0, Double.NaN, 9);
    Tensor labels = fixture.integers(Shape.of(3), 1, 1, -7); // The padding row is not looked at.
    Tensor dlogits = fixture.poisoned(logits.layout());
    forward(plan, logits, labels, dlogits, 2, 1);
    assertValues(dlogits, 0.25, -0.25, 0.75, -0.75, 0, 0);
    double first = Math.log(4.0 / 3);
    assertTotals(first + Math.log(4), 1, 2);
    forward(plan, logits, labels, null, 1, 1);
    assertTotals(2 * first + Math.log(4), 2, 3);
    assertEquals(2.0 / 3, sums.read().accuracy(), 1e-15);
    sums.reset();
    assertTotals(0, 0, 0);
    ReferenceFixture.poison(dlogits);
    forward(plan, logits, labels, dlogits, 0, 1);
    assertValues(dlogits, 0, 0, 0, 0, 0, 0);
    assertTotals(0, 0, 0);
  }

  @Test
  void hasTheRightGradient() {
    CrossEntropyPlan plan = plan(4, 5);
    Tensor logits = fixture.random(fixture.layout(4, 5), 1);
    Tensor labels = fixture.integers(Shape.of(4), 0, 4, 2, 2);
    Tensor dlogits = fixture.poisoned(logits.layout());
    forward(plan, logits, labels, dlogits, 4, 0.25);
    Tensor loss = fixture.tensor(fixture.layout(1), 0);
    assertGradient(
        "dlogits",
        logits,
        dlogits,
        () -> {
          sums.reset();
          forward(plan, logits, labels, null, 4, 0);
          loss.upload(new double[] {sums.read().meanLoss()});
          return loss;
        },
        fixture.tensor(loss.layout(), 1));
  }

  @Test
  void refusesLabelsThatAreNoClass() {
    CrossEntropyPlan plan = plan(2, 3);
    Tensor logits = fixture.random(fixture.layout(2, 3), 1);
    for (int label : new int[] {3, -1}) {
      Tensor labels = fixture.integers(Shape.of(2), 0, label);
      InvalidInputException thrown =
          assertThrows(
              InvalidInputException.class, () -> forward(plan, logits, labels, null, 2, 1));
      assertEquals("label " + label + " of sample 1 is not in 0..2", thrown.getMessage());
      assertTotals(0, 0, 0);
    }
    Tensor labels = fixture.integers(Shape.of(2), 0, 0);
    assertThrows(IllegalArgumentException.class, () -> forward(plan, logits, labels, null, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> forward(plan, logits, labels, null, -1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> fixture.backend.crossEntropy(fixture.layout(2, 3, 1), state, sums));
    plan.close();
    assertThrows(IllegalStateException.class, () -> forward(plan, logits, labels, null, 2, 1));
  }

  /** Plans with sums of its own. */
  private CrossEntropyPlan plan(int batch, int classes) {
    return plan(batch, classes, 0);
  }

  private CrossEntropyPlan plan(int batch, int classes, double labelSmoothing) {
    sums = fixture.backend.newLossAccumulator();
    return fixture.own(
        fixture.backend.crossEntropy(fixture.layout(batch, classes), state, sums, labelSmoothing));
  }

  private void forward(
      CrossEntropyPlan plan, Tensor logits, Tensor labels, Tensor dlogits, int rows, double scale) {
    state.setLoss(rows, scale);
    plan.forward(logits, labels, dlogits);
  }

  private void assertTotals(double loss, long correct, long count) {
    LossTotals totals = sums.read();
    assertEquals(loss, totals.lossSum(), 1e-14 * Math.max(1, loss));
    assertEquals(correct, totals.correct());
    assertEquals(count, totals.count());
  }
}
