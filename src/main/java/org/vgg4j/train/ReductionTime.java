package org.vgg4j.train;

import java.util.List;
import java.util.Locale;

/**
 * How long the sums of a step's gradients over all ranks took.
 *
 * @param millis from the first one's beginning until the last was in place; NaN where the
 *     collective does not measure it
 * @param waitMillis how long the step waited for them after its backward
 */
public record ReductionTime(double millis, double waitMillis) {
  /** Returns a line on the means of several steps. */
  public static String line(List<ReductionTime> steps) {
    double whole = steps.stream().mapToDouble(ReductionTime::millis).average().orElse(Double.NaN);
    double wait = steps.stream().mapToDouble(ReductionTime::waitMillis).average().orElse(0);
    return Double.isNaN(whole)
        ? String.format(Locale.ROOT, "sums over the ranks: %.2f ms a step waited for", wait)
        : String.format(
            Locale.ROOT,
            "sums over the ranks: %.2f ms a step, %.2f ms of it beside the backward, %.2f ms waited"
                + " for",
            whole,
            Math.max(0, whole - wait),
            wait);
  }
}
