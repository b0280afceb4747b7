package org.vgg4j.tensor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an engine says of itself and of this machine.
 *
 * @param device the name that {@code --device} knows
 * @param usable whether a training would work
 * @param problem what stands in the way and what to do about it, null when usable
 * @param facts names to texts, numbers, lists or maps, in the order to show them in
 */
public record EngineReport(
    String device, boolean usable, String problem, Map<String, Object> facts) {
  /** Copies the facts. */
  public EngineReport {
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
  }
}
