package org.vgg4j.nn;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Usage;

/**
 * Which stages of a net in training are not trained.
 *
 * <p>Those before the first that is trained lead: they run as in evaluation, keep nothing, and no
 * backward reaches them. A dropout behind the last frozen layer belongs to what follows.
 */
final class Freezing {
  private final List<Leaf> leaves;
  private final Set<String> frozen;
  private final int leading;
  private final int firstTrained;

  /**
   * Finds the stages of a chain.
   *
   * @throws InvalidInputException when a frozen layer is not there, none is left to train, or the
   *     gradient of the input is wanted through a frozen beginning
   */
  Freezing(Module chain, NetworkOptions options) {
    frozen = new TreeSet<>(options.frozen());
    leaves = Leaf.of(chain);
    if (frozen.isEmpty()) {
      leading = 0;
      firstTrained = 0;
      return;
    }
    Set<String> names = new TreeSet<>();
    leaves.forEach(leaf -> names.add(leaf.name() == null ? "" : leaf.name()));
    for (String name : frozen) {
      if (!names.contains(name)) {
        throw InvalidInputException.of(
            "freeze", "names " + name + ", which is no layer of the net");
      }
    }
    int trained = 0;
    int behindFrozen = 0;
    while (trained < leaves.size() && !isTrained(trained)) {
      trained++;
      if (isFrozen(trained - 1)) {
        behindFrozen = trained;
      }
    }
    if (trained == leaves.size()) {
      throw InvalidInputException.of("freeze", "leaves no layer to train");
    }
    int end = behindFrozen;
    while (behindFrozen > 0 && end < trained && !(leaves.get(end).module() instanceof Dropout)) {
      end++;
    }
    if (end > 0 && options.inputGradient()) {
      throw InvalidInputException.of("freeze", "leaves no way for the gradient of the input");
    }
    leading = end;
    firstTrained = end == 0 ? 0 : trained;
  }

  private boolean isTrained(int stage) {
    return leaves.get(stage).name() != null && !isFrozen(stage);
  }

  /** Returns whether there is such a stage, and it has parameters that are not trained. */
  boolean isFrozen(int stage) {
    String name = stage < leaves.size() ? leaves.get(stage).name() : null;
    return name != null && frozen.contains(name);
  }

  /** Returns how many stages lead. */
  int leading() {
    return leading;
  }

  /** Returns the stage that a backward ends with. */
  int firstTrained() {
    return firstTrained;
  }

  /** Returns what a stage will be used for, given what it would be if all were trained. */
  Usage usage(int stage, Usage usual) {
    if (!usual.training()) {
      return usual;
    }
    boolean passesOn = firstTrained == 0 ? usual.inputGradient() : stage > firstTrained;
    return stage < leading ? Usage.FROZEN : new Usage(true, passesOn, !isFrozen(stage));
  }
}
