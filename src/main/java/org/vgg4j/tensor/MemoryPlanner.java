package org.vgg4j.tensor;

/** Where plans and modules ask for the memory that they will need, before any is taken. */
public interface MemoryPlanner {
  /**
   * Plans an output that lives until the backward pass has read it (in inference, until the next
   * layer has).
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
}
