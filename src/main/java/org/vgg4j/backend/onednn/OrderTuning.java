package org.vgg4j.backend.onednn;

import java.nio.file.Path;
import java.util.Map;

/**
 * What is known of the orders of images of single layers.
 *
 * @param choices what was chosen in the run to repeat: layer to orders
 * @param times whether other layers are timed
 * @param cache the folder of what was timed on this machine; null keeps nothing
 */
public record OrderTuning(Map<String, String> choices, boolean times, Path cache) {
  /** Nothing is known, and nothing is timed. */
  public static final OrderTuning NONE = new OrderTuning(Map.of(), false, null);

  /** Copies the map. */
  public OrderTuning {
    choices = Map.copyOf(choices);
  }
}
