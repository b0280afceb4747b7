package org.vgg4j.tensor;

/**
 * The slabs that an optimizer sweeps over. A parameter begins at the same element of each, and all
 * have equally many elements.
 *
 * @param masters the trained values, of the engine's master type
 * @param gradients their gradients
 * @param compute the copies that plans read, of the engine's weight type; null when plans read the
 *     masters
 */
public record ParameterSlabs(Arena masters, Arena gradients, Arena compute) {
  /** Creates slabs without copies. */
  public ParameterSlabs(Arena masters, Arena gradients) {
    this(masters, gradients, null);
  }
}
