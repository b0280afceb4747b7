package org.vgg4j.tensor;

import java.util.List;

/**
 * A training step that was timed.
 *
 * @param millis from its begin until the engine was done, in milliseconds, at least the sum of the
 *     sections
 * @param sections in order
 */
public record StepTime(double millis, List<SectionTime> sections) {
  /** Copies the sections. */
  public StepTime {
    sections = List.copyOf(sections);
    millis = Math.max(millis, sections.stream().mapToDouble(SectionTime::millis).sum());
  }
}
