package org.vgg4j.nn;

import java.util.Collection;
import java.util.List;

/**
 * What a training computes again in its backward instead of keeping it. The results are the same to
 * the bit on an engine that is deterministic.
 *
 * @param norms the outputs of batch norms, from their inputs, where that saves memory
 * @param stages the numbers, from 0, of the stretches of a net whose inner activations are computed
 *     again from the stretch's input: see {@link Stretch}; those that a net does not have are
 *     ignored
 */
public record Recomputation(boolean norms, List<Integer> stages) {
  /** Everything is kept. */
  public static final Recomputation NONE = new Recomputation(false, List.of());

  /** Orders the numbers. */
  public Recomputation {
    stages = stages.stream().distinct().sorted().toList();
  }

  /** Returns the same with other stretches. */
  public Recomputation withStages(Collection<Integer> others) {
    return new Recomputation(norms, List.copyOf(others));
  }

  /** Returns it in words: norms and stages 1 to 3. */
  public String text() {
    if (stages.isEmpty()) {
      return norms ? "norms" : "nothing";
    }
    StringBuilder text = new StringBuilder(norms ? "norms and stage" : "stage");
    text.append(stages.size() > 1 ? "s " : " ");
    for (int i = 0; i < stages.size(); i++) {
      text.append(i == 0 ? "" : i == stages.size() - 1 ? " and " : ", ").append(stages.get(i) + 1);
    }
    return text.toString();
  }
}
