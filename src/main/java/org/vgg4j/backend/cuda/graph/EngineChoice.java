package org.vgg4j.backend.cuda.graph;

import java.util.Map;
import java.util.TreeMap;

/**
 * An engine of cuDNN and its settings; with the problem, all that makes the same plan again.
 *
 * @param engine its global index
 * @param knobs values by type of knob
 */
record EngineChoice(long engine, Map<Integer, Long> knobs) {
  private static final String NUMBER = "-?\\d{1,18}";

  EngineChoice {
    knobs = new TreeMap<>(knobs);
  }

  /** Reads {@link #text}; returns null for null and for anything else. */
  static EngineChoice of(String text) {
    String knob = " \\d{1,9}=" + NUMBER;
    if (text == null || !text.matches("engine \\d{1,9}( knobs(" + knob + ")+)?")) {
      return null;
    }
    String[] words = text.split(" ");
    Map<Integer, Long> knobs = new TreeMap<>();
    for (int i = 3; i < words.length; i++) {
      String[] pair = words[i].split("=");
      knobs.put(Integer.valueOf(pair[0]), Long.valueOf(pair[1]));
    }
    return new EngineChoice(Long.parseLong(words[1]), knobs);
  }

  /** Returns engine 62 knobs 2=1 7=3. */
  String text() {
    StringBuilder text = new StringBuilder("engine " + engine);
    if (!knobs.isEmpty()) {
      text.append(" knobs");
      knobs.forEach((type, value) -> text.append(' ').append(type).append('=').append(value));
    }
    return text.toString();
  }
}
