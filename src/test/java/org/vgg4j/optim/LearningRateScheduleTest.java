package org.vgg4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Learning rates by hand and against PyTorch. Its numbers are those of the optimizer's {@code lr}
 * before each step of these (PyTorch 2.13.0):
 *
 * <pre>
 * ReduceLROnPlateau(SGD(p, 0.01), mode='max', factor=0.1, patience=1, threshold=0, min_lr=1e-5)
 * StepLR(SGD(p, 0.5), 3, 0.5)
 * ChainedScheduler([LinearLR(o, start_factor=1/5, end_factor=1, total_iters=4),
 *                   CosineAnnealingLR(o, 20)]), o = SGD(p, 0.5)
 * </pre>
 */
final class LearningRateScheduleTest {
  /** The largest relative error: some roundings of double precision. */
  private static final double EPSILON = 1e-14;

  private static double rate(
      String schedule, double base, ScheduleOptions options, RunProgress at) {
    return LearningRateSchedule.of(schedule).rate(base, options, at);
  }

  /** Returns an update of a run of 100 updates in one epoch. */
  private static RunProgress at(long step) {
    return new RunProgress(step, 100, 1, List.of());
  }

  private static void near(double expected, double actual, String what) {
    if (!(Math.abs(actual - expected) <= EPSILON * expected)) {
      assertEquals(expected, actual, what);
    }
  }

  @Test
  void overAllSteps() {
    ScheduleOptions usual = ScheduleOptions.DEFAULT;
    assertEquals(0.5, rate("constant", 0.5, usual, at(99)));
    assertEquals(0.5, rate("linear", 0.5, usual, at(0)));
    assertEquals(0.375, rate("linear", 0.5, usual, at(25)));
    assertEquals(0, rate("linear", 0.5, usual, at(100)));
    assertEquals(0.5, rate("cosine", 0.5, usual, at(0)));
    assertEquals(0.25, rate("cosine", 0.5, usual, at(50)), 1e-15);
    assertEquals(0.5 * (1 + Math.sqrt(0.5)) / 2, rate("cosine", 0.5, usual, at(25)), 1e-15);
    assertEquals(0, rate("cosine", 0.5, usual, at(200)), 1e-15);
    assertThrows(InvalidInputException.class, () -> LearningRateSchedule.of("steep"));
  }

  @Test
  void plateauIsPyTorchs() {
    List<Double> accuracies = List.of(.1, .3, .3, .2, .4, .4, .1, .39, .4, .41, .2, .2, .2, .2, .2);
    double[] pyTorch = {
      0.01, 0.01, 0.01, 0.01, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5
    };
    ScheduleOptions options = new ScheduleOptions(1, 10, 2, 3, WarmUp.NONE);
    for (int epoch = 0; epoch < pyTorch.length; epoch++) {
      RunProgress at = new RunProgress(7L * epoch, 7, 74, accuracies.subList(0, epoch));
      near(pyTorch[epoch], rate("plateau", 0.01, options, at), "epoch " + epoch);
    }
    RunProgress end = new RunProgress(0, 7, 74, accuracies);
    assertEquals(0.01, rate("plateau", 0.01, new ScheduleOptions(1, 10, 2, 0, WarmUp.NONE), end));
    near(
        0.005,
        rate("plateau", 0.01, new ScheduleOptions(1, 2, 2, 1, WarmUp.NONE), end),
        "one drop");
  }

  @Test
  void stepIsPyTorchs() {
    double[] pyTorch = {0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625};
    ScheduleOptions options = new ScheduleOptions(3, 2, 1, 0, WarmUp.NONE);
    for (int epoch = 0; epoch < pyTorch.length; epoch++) {
      for (int step = 0; step < 4; step++) {
        RunProgress at = new RunProgress(4L * epoch + step, 4, 10, Collections.nCopies(epoch, 0.5));
        assertEquals(pyTorch[epoch], rate("step", 0.5, options, at), "epoch " + epoch);
      }
    }
  }

  @Test
  void aWarmUpBeforeACosineIsPyTorchs() {
    double[] pyTorch = {
      0.1,
      0.1987688340595138,
      0.2926584774442731,
      0.3782013048376736,
      0.4522542485937369,
      0.4267766952966369,
      0.39694631307311834,
      0.36349762493488674,
      0.3272542485937369,
      0.2891086162600578,
      0.25000000000000006,
      0.2108913837399424,
      0.1727457514062632,
      0.13650237506511334,
      0.10305368692688177,
      0.07322330470336315,
      0.04774575140626317,
      0.027248368952908057,
      0.012235870926211619,
      0.003077914851215586
    };
    for (WarmUp warmUp : List.of(WarmUp.parse("5"), WarmUp.parse("1 epoch"))) {
      ScheduleOptions options = new ScheduleOptions(1, 10, 1, 0, warmUp);
      for (int step = 0; step < pyTorch.length; step++) {
        RunProgress at = new RunProgress(step, 5, 4, List.of());
        // A cosine near its zero has lost some digits.
        assertEquals(pyTorch[step], rate("cosine", 0.5, options, at), 1e-15, "step " + step);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "none, none",
    "0, none",
    "0 epochs, none",
    "1, 1 step",
    "500, 500 steps",
    "1step, 1 step",
    "2epochs, 2 epochs",
    "1 Epoch, 1 epoch",
    "3 steps, 3 steps"
  })
  void lengthsOfAWarmUp(String text, String expected) {
    WarmUp warmUp = WarmUp.parse(text);
    assertEquals(expected, warmUp.toString());
    assertEquals(warmUp, WarmUp.parse(expected));
  }

  @Test
  void inWords() {
    assertEquals("linear to 0", LearningRateSchedule.LINEAR.inWords(ScheduleOptions.DEFAULT));
    assertEquals(
        "divided by 2.5 after 1 epoch without a better test accuracy, at most 2 times, warm-up of 2"
            + " epochs",
        LearningRateSchedule.PLATEAU.inWords(
            new ScheduleOptions(1, 2.5, 1, 2, WarmUp.parse("2epochs"))));
    assertEquals(
        "divided by 10 every 30 epochs",
        LearningRateSchedule.STEP.inWords(ScheduleOptions.DEFAULT));
  }
}
