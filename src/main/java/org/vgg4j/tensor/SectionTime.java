package org.vgg4j.tensor;

import java.util.List;

/**
 * A section of a step that was timed.
 *
 * @param part the part of the step
 * @param layer what it is in, such as features.3
 * @param millis from its begin to the next one's, in milliseconds, at least the sum of the
 *     operations
 * @param operations in order; empty where the engine times none
 */
public record SectionTime(
    StepPart part, String layer, double millis, List<OperationTime> operations) {
  /** Copies the operations. */
  public SectionTime {
    operations = List.copyOf(operations);
    millis = Math.max(millis, operations.stream().mapToDouble(OperationTime::millis).sum());
  }
}
