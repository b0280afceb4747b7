package org.vgg4j.nn;

/**
 * A way to train a net in a certain memory.
 *
 * @param recomputation what is computed again
 * @param plan the memory that it takes
 * @param extraMultiplyAdds those of a pass over the largest batch that keeping everything would
 *     save
 * @param multiplyAdds those of that pass itself, forward and backward
 */
public record MemoryWay(
    Recomputation recomputation, MemoryPlan plan, long extraMultiplyAdds, long multiplyAdds) {
  /** Returns the extra arithmetic as a share of the pass. */
  public double extraShare() {
    return multiplyAdds == 0 ? 0 : (double) extraMultiplyAdds / multiplyAdds;
  }
}
