package org.vgg4j.backend.reference;

import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;

/** into += from. */
final class ReferenceAccumulate extends ReferencePlan implements AccumulatePlan {
  private final ReferenceArena from;
  private final ReferenceArena into;

  ReferenceAccumulate(Arena from, Arena into) {
    super("accumulation");
    this.from = ReferenceArena.of("accumulation", "from", from);
    this.into = ReferenceArena.of("accumulation", "into", into);
    if (from.bytes() != into.bytes()) {
      throw new IllegalArgumentException(
          "accumulation of " + from.bytes() + " bytes into " + into.bytes());
    }
  }

  @Override
  public void run() {
    checkOpen();
    double[] addends = from.values();
    double[] sums = into.values();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += addends[i];
    }
  }
}
