package org.vgg4j.tensor;

/**
 * The types that an engine keeps a net's values in. Four things that mixed precision tells apart;
 * an engine of one precision has the same type four times.
 *
 * @param activation of activations and their gradients
 * @param weight of the weights that convolutions and linear layers read: the master itself where it
 *     has this type, else a copy that the optimizer writes beside it
 * @param master of the trained values that the optimizer updates, and of its moments
 * @param statistics of running means and variances
 */
public record Types(DType activation, DType weight, DType master, DType statistics) {
  /** Double throughout. */
  public static final Types F64 = of(DType.F64);

  /** Single precision throughout. */
  public static final Types F32 = of(DType.F32);

  /** Checks that all are floating-point types. */
  public Types {
    for (DType type : new DType[] {activation, weight, master, statistics}) {
      if (!type.isFloating()) {
        throw new InvalidInputException("a net cannot compute in " + type);
      }
    }
  }

  /** Returns the same type four times. */
  public static Types of(DType type) {
    return new Types(type, type, type, type);
  }

  /** Returns whether weights are computed with in another type than they are trained in. */
  public boolean hasWeightCopies() {
    return weight != master;
  }
}
