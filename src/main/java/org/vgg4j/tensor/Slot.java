package org.vgg4j.tensor;

/**
 * A place in memory that was planned: its layout is known at once, its tensor once memory was
 * taken.
 */
public final class Slot {
  private final Layout layout;
  private Tensor tensor;

  /** Creates an unbound slot. */
  public Slot(Layout layout) {
    this.layout = layout;
  }

  /** Returns the layout. */
  public Layout layout() {
    return layout;
  }

  /** Gives the slot its tensor, once. */
  public void bind(Tensor bound) {
    if (tensor != null) {
      throw new IllegalStateException("a slot is bound once");
    }
    tensor = bound;
  }

  /**
   * Returns the tensor.
   *
   * @throws IllegalStateException before memory was taken
   */
  public Tensor tensor() {
    if (tensor == null) {
      throw new IllegalStateException("the memory of this slot was planned but not yet taken");
    }
    return tensor;
  }
}
