package org.vgg4j.tensor;

/** Where plans and modules ask for the memory that they will need, before any is taken. */
public interface MemoryPlanner {
  /**
   * Plans an output that lives until the backward pass has read it (in inference, until the next
   * layer has). The last one that a module asks for is its own output.
   */
  Slot activation(Layout layout);

  /** Plans something opaque that a training forward leaves for its backward. */
  Slot saved(Layout layout);

  /**
   * Plans the gradient of an activation. It lives until the next gradient upstream has been
   * computed from it: of two requests in a row, one may be written while the other is read, and
   * requests two apart may share memory. So ask in forward order, the input's gradient before those
   * inside.
   */
  Slot gradient(Layout layout);

  /**
   * Returns whether the outputs of batch norms are to be computed again from their inputs instead
   * of kept, where a plan can do that with the same bits.
   */
  default boolean recomputesNorms() {
    return false;
  }

  /**
   * Plans an output that lives only until it has been read once. It shares memory with gradients: a
   * backward has it only where it is written again.
   */
  default Slot passing(Layout layout) {
    return activation(layout);
  }

  /**
   * Tells how the next plan, in its backward, gets this plan's output, which is {@link #passing}.
   */
  default void leave(Rewrite output) {
    throw new UnsupportedOperationException("this memory keeps every output");
  }

  /** Returns how to get the input again in the backward; null when it is still where it was. */
  default Rewrite input() {
    return null;
  }

  /** Counts multiply-adds that a backward makes again to save memory. */
  default void again(long multiplyAdds) {}
}
