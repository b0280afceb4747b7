package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.train.EpochMetrics;

/** What is said of a run where stderr is no terminal, under a clock of the test's. */
final class TrainingProgressTest {
  private static final int STEPS = 100;
  private static final int BATCH = 64;
  private static final double LOSS = 0.5;

  private long nanos = 1;

  /** Returns the lines that a run of so many epochs brings. */
  private List<String> lines(int epochs, Consumer<TrainingProgress> run) {
    StringWriter err = new StringWriter();
    try (TrainingProgress progress =
        new TrainingProgress(new PrintWriter(err), epochs, () -> nanos)) {
      run.accept(progress);
    }
    return err.toString().lines().toList();
  }

  private static void begin(TrainingProgress progress, int epoch) {
    progress.epochStarted(epoch, STEPS, STEPS * BATCH);
  }

  /**
   * Steps from {@code from + interval} to {@code to}, of which every {@code interval}-th says so.
   */
  private void steps(
      TrainingProgress progress, int epoch, int from, int to, int interval, double seconds) {
    for (int step = from + interval; step <= to; step += interval) {
      pass(seconds * interval);
      progress.stepFinished(epoch, step, step * BATCH, LOSS);
    }
  }

  private void pass(double seconds) {
    nanos += Math.round(seconds * 1e9);
  }

  @Test
  void lineComesEveryTenSecondsWithRateAndTimeLeft() {
    assertEquals(
        List.of(
            "epoch 1/2: 704 of 6400 images, loss 0.500, 64 images/s, 89 s left in this epoch",
            "epoch 1/2: 1408 of 6400 images, loss 0.500, 64 images/s, 78 s left in this epoch"),
        lines(
            2,
            progress -> {
              begin(progress, 1);
              steps(progress, 1, 0, 32, 1, 1);
            }));
  }

  /** The rate is that of the epoch so far, the first step included. */
  @Test
  void stepsLongerThanTenSecondsBringLineEach() {
    assertEquals(
        List.of(
            "epoch 1/1: 64 of 6400 images, loss 0.500, 5 images/s, 20 min left in this epoch",
            "epoch 1/1: 128 of 6400 images, loss 0.500, 6 images/s, 18 min left in this epoch",
            "estimated time: 17 min an epoch, 17 min in all, without the evaluations",
            "epoch 1/1: 192 of 6400 images, loss 0.500, 6 images/s, 17 min left in this epoch"),
        lines(
            1,
            progress -> {
              begin(progress, 1);
              steps(progress, 1, 0, 1, 1, 12);
              steps(progress, 1, 1, 3, 1, 10.1);
            }));
  }

  /** However many steps lie between two that are heard of. */
  @ParameterizedTest
  @ValueSource(ints = {1, 20})
  void estimateCountsSteps(int interval) {
    assertEquals(
        List.of("estimated time: 50 s an epoch, 8 min in all, without the evaluations"),
        lines(
                10,
                progress -> {
                  begin(progress, 1);
                  steps(progress, 1, 0, STEPS, interval, 0.5);
                })
            .stream()
            .filter(line -> line.startsWith("estimated"))
            .toList());
  }

  /** Of an epoch of 50 s, whose first step warms up for a minute. */
  @ParameterizedTest
  @CsvSource({"5, 0", "7, 1"})
  void onlyLongRunsAreAnnouncedAndOnce(int epochs, int announcements) {
    List<String> lines =
        lines(
            epochs,
            progress -> {
              for (int epoch = 1; epoch <= 2; epoch++) {
                begin(progress, epoch);
                pass(epoch == 1 ? 60 : 0);
                steps(progress, epoch, 0, STEPS, 1, 0.5);
              }
            });
    assertEquals(
        announcements,
        lines.stream()
            .filter(line -> line.startsWith("estimated time: 50 s an epoch, 6 min in all"))
            .count());
    assertEquals(
        announcements, lines.stream().filter(line -> line.startsWith("estimated")).count());
  }

  /** Half of the epoch was done by another process, which is none of this one's speed. */
  @Test
  void resumedEpochCountsOnlyItsOwnSteps() {
    assertEquals(
        List.of(
            "estimated time: 100 s an epoch, 7 min in all, without the evaluations",
            "epoch 2/4: 3904 of 6400 images, loss 0.500, 64 images/s, 39 s left in this epoch",
            "epoch 2/4: 4608 of 6400 images, loss 0.500, 64 images/s, 28 s left in this epoch"),
        lines(
            4,
            progress -> {
              begin(progress, 2);
              steps(progress, 2, 50, 80, 1, 1);
            }));
  }

  /** As the GPU engine reports. */
  @Test
  void stepsThatAreHeardOfTogetherCountEach() {
    assertEquals(
        List.of("epoch 1/2: 3840 of 6400 images, loss 0.500, 320 images/s, 8 s left in this epoch"),
        lines(
            2,
            progress -> {
              begin(progress, 1);
              steps(progress, 1, 0, STEPS, 20, 0.2);
            }));
  }

  /** The evaluation's time belongs to no epoch's rate, and the ten seconds begin anew. */
  @Test
  void endOfEpochSaysNothingAndTheNextBeginsAnew() {
    List<String> lines =
        lines(
            2,
            progress -> {
              begin(progress, 1);
              steps(progress, 1, 0, STEPS, 1, 0.1);
              progress.evaluationStarted(1);
              pass(60);
              progress.epochFinished(new EpochMetrics(1, LOSS, 0.8, 0.8, 70, 640, 0));
              begin(progress, 2);
              steps(progress, 2, 0, 11, 1, 1);
            });
    assertEquals(
        List.of("epoch 2/2: 704 of 6400 images, loss 0.500, 64 images/s, 89 s left in this epoch"),
        lines);
  }

  @Test
  void lastStepLeavesNothing() {
    assertEquals(
        List.of("epoch 1/1: 6400 of 6400 images, loss 0.500, 582 images/s, 0 s left in this epoch"),
        lines(
            1,
            progress -> {
              begin(progress, 1);
              steps(progress, 1, 0, STEPS, 50, 0.11);
            }));
  }
}
