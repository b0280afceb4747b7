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
}
