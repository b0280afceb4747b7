package org.vgg4j.tensor;

/**
 * How an engine stores a tensor: logical shape and type in the open, the physical order its own
 * business.
 *
 * <p>Two layouts of one engine are equal when the same bytes mean the same tensor.
 */
public interface Layout {
  /** Returns the logical shape. */
  Shape shape();

  /** Returns the type of the elements. */
  DType dtype();

  /** Returns how many bytes a tensor of this layout takes in an {@link Arena}, padding included. */
  long bytes();

  /** Returns how many bytes an element takes in an {@link Arena}. */
  default int elementBytes() {
    return dtype().bytes();
  }

  /**
   * Returns the layout of the same shape in the same physical order with another type.
   *
   * @throws IllegalArgumentException when the engine does not store this order in that type
   */
  Layout as(DType other);
}
