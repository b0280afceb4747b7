package org.vgg4j.tensor;

import java.util.List;

/**
 * The slabs that an optimizer sweeps over. A parameter begins at the same element of each. What the
 * gradients have no place for comes last in the others: it is not trained.
 *
 * @param masters the trained values, of the engine's master type
 * @param gradients their gradients
 * @param compute the copies that plans read, of the engine's weight type; null when plans read the
 *     masters
 * @param rates the parts in order, the first at element 0
 */
public record ParameterSlabs(Arena masters, Arena gradients, Arena compute, List<SlabRate> rates) {
  private static final List<SlabRate> ONE = List.of(new SlabRate(0, 1));

  /** Copies the parts and checks their order. */
  public ParameterSlabs {
    rates = List.copyOf(rates);
    for (int i = 0; i < rates.size(); i++) {
      long first = rates.get(i).first();
      if (i == 0 ? first != 0 : first <= rates.get(i - 1).first()) {
        throw new IllegalArgumentException("learning rates of parts out of order: " + rates);
      }
    }
  }

  /** Creates slabs of one learning rate. */
  public ParameterSlabs(Arena masters, Arena gradients, Arena compute) {
    this(masters, gradients, compute, ONE);
  }

  /** Creates slabs without copies. */
  public ParameterSlabs(Arena masters, Arena gradients) {
    this(masters, gradients, null);
  }

  /** Returns these slabs with other learning rates. */
  public ParameterSlabs withRates(List<SlabRate> others) {
    return new ParameterSlabs(masters, gradients, compute, others);
  }

  /** Returns where a part ends, given how many elements the gradients have. */
  public long end(int part, long elements) {
    return part + 1 < rates.size() ? rates.get(part + 1).first() : elements;
  }
}
