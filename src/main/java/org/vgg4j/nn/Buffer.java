package org.vgg4j.nn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/** A tensor of a net's state that is not trained: a running mean or variance. */
public final class Buffer {
  private final String name;
  private final Slot value;
  private final long offset; // in the slab of all buffers, in bytes
  private final double initial;
  private final boolean frozen;

  Buffer(String name, Slot value, long offset, double initial, boolean frozen) {
    this.name = name;
    this.value = value;
    this.offset = offset;
    this.initial = initial;
    this.frozen = frozen;
  }

  /** Returns torchvision's name, such as {@code features.1.running_mean}. */
  public String name() {
    return name;
  }

  /** Returns the layout. */
  public Layout layout() {
    return value.layout();
  }

  /** Returns the logical shape. */
  public Shape shape() {
    return layout().shape();
  }

  /**
   * Returns the tensor.
   *
   * @throws IllegalStateException before the net's memory is allocated
   */
  public Tensor value() {
    return value.tensor();
  }

  /** Returns this buffer's place in another slab of the size of {@link Network#statistics}. */
  public Tensor in(Arena slab) {
    return slab.tensor(offset, layout());
  }

  /** Returns where it begins in such a slab, in bytes. */
  public long offsetBytes() {
    return offset;
  }

  /** Returns whether a training leaves it as it is. */
  public boolean isFrozen() {
    return frozen;
  }

  double initial() {
    return initial;
  }
}
