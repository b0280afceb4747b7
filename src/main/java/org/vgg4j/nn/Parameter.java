package org.vgg4j.nn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * A trained tensor of a net, at the same offset in the slab of the values, of the gradients and of
 * each moment.
 */
public final class Parameter {
  private final String name;
  private final Slot value;
  private final Slot gradient; // null in a net for inference
  private final long offsetBytes;
  private final Initializer initializer;

  Parameter(String name, Slot value, Slot gradient, long offsetBytes, Initializer initializer) {
    this.name = name;
    this.value = value;
    this.gradient = gradient;
    this.offsetBytes = offsetBytes;
    this.initializer = initializer;
  }

  /** Returns the name, as torchvision would call it: {@code features.0.weight}. */
  public String name() {
    return name;
  }

  /** Returns the layout of the value and of everything kept beside it. */
  public Layout layout() {
    return value.layout();
  }

  /** Returns the logical shape. */
  public Shape shape() {
    return layout().shape();
  }

  /**
   * Returns the value.
   *
   * @throws IllegalStateException before the net's memory was taken
   */
  public Tensor value() {
    return value.tensor();
  }

  /**
   * Returns the gradient, which every backward overwrites.
   *
   * @throws IllegalStateException before the net's memory was taken, and in a net for inference
   */
  public Tensor gradient() {
    if (gradient == null) {
      throw new IllegalStateException("a net built for inference has no gradient of " + name);
    }
    return gradient.tensor();
  }

  /**
   * Returns this parameter's place in another slab of the parameters' size, such as an optimizer's
   * moment.
   */
  public Tensor in(Arena slab) {
    return slab.tensor(offsetBytes, layout());
  }

  Initializer initializer() {
    return initializer;
  }
}
