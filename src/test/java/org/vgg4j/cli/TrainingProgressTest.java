package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The estimate of a run's time, under a clock of the test's. */
final class TrainingProgressTest {
  private long nanos = 1;

  /** However many steps lie between two that are heard of. */
  @ParameterizedTest
  @ValueSource(ints = {1, 20})
  void estimateCountsSteps(int interval) {
    StringWriter err = new StringWriter();
    try (TrainingProgress progress = new TrainingProgress(new PrintWriter(err), 10, () -> nanos)) {
      progress.epochStarted(1, 1000, 64_000);
      for (int step = interval; step <= 400; step += interval) {
        nanos += 50_000_000L * interval; // 50 ms a step
        progress.stepFinished(1, step, 64 * step, 1);
      }
    }
    String estimate = "estimated time: %s an epoch, %s in all";
    assertTrue(
        err.toString().contains(estimate.formatted(Bar.duration(50), Bar.duration(500))),
        err::toString);
  }
}
