package org.vgg4j.nn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ParameterLayouts;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * A weight, bias or the like of a net. It begins at the same element in every slab: values, the
 * copies that plans compute with, and, if it is trained, gradients and each moment.
 */
public final class Parameter {
  private final String name;
  private final ParameterLayouts layouts;
  private final int elementBytes; // of a slab of values
  private final boolean trained;
  private long firstElement;
  private final Initializer initializer;
  private final Slot value;
  private final Slot compute; // value's slot unless plans read a copy of another type
  private final Slot gradient; // null in a net built for inference, and where it is not trained

  Parameter(
      String name,
      ParameterLayouts layouts,
      int elementBytes,
      long firstElement,
      boolean trained,
      Initializer initializer) {
    this.name = name;
    this.layouts = layouts;
    this.elementBytes = elementBytes;
    this.firstElement = firstElement;
    this.initializer = initializer;
    value = new Slot(layouts.master());
    compute = hasCopy() ? new Slot(layouts.compute()) : value;
    this.trained = trained;
    gradient = trained ? new Slot(layouts.gradient()) : null;
  }

  /** Returns whether it has a gradient and is updated. */
  public boolean isTrained() {
    return trained;
  }

  /** Moves it back in all slabs; called before they are there. */
  void moveBy(long elements) {
    firstElement += elements;
  }

  /** Returns torchvision's name, such as {@code features.0.weight}. */
  public String name() {
    return name;
  }

  /** Returns the layouts of value, copy and gradient. */
  public ParameterLayouts layouts() {
    return layouts;
  }

  /** Returns the logical shape. */
  public Shape shape() {
    return layouts.master().shape();
  }

  /** Returns where it begins in every slab, in elements. */
  public long firstElement() {
    return firstElement;
  }

  /** Returns where it ends in every slab, in elements, padding included. */
  public long endElement() {
    return firstElement + (layouts.master().bytes() - 1) / elementBytes + 1;
  }

  /**
   * Returns the value that the optimizer updates. After writing to it, call {@link
   * Network#refreshCompute} before the next forward.
   *
   * @throws IllegalStateException before the net's memory is allocated
   */
  public Tensor value() {
    return value.tensor();
  }

  /**
   * Returns the value as plans read it: {@link #value} itself, or a copy of another type.
   *
   * @throws IllegalStateException before the net's memory is allocated
   */
  public Tensor compute() {
    return compute.tensor();
  }

  /**
   * Returns the gradient, which every backward overwrites.
   *
   * @throws IllegalStateException before the net's memory is allocated, and in inference
   */
  public Tensor gradient() {
    if (gradient == null) {
      throw new IllegalStateException("there is no gradient of " + name + ", which is not trained");
    }
    return gradient.tensor();
  }

  /** Returns a trained parameter's place in another slab, such as a moment. */
  public Tensor in(Arena slab) {
    return slab.tensor(firstElement * elementBytes, layouts.master());
  }

  Initializer initializer() {
    return initializer;
  }

  boolean hasCopy() {
    return !layouts.compute().equals(layouts.master());
  }

  /** Binds the slots to the slabs; {@code copies} and {@code gradients} may be null. */
  void bind(Arena values, Arena gradients, Arena copies) {
    value.bind(in(values));
    if (hasCopy()) {
      bind(compute, copies);
    }
    if (gradient != null) {
      bind(gradient, gradients);
    }
  }

  private void bind(Slot slot, Arena slab) {
    slot.bind(slab.tensor(firstElement * slot.layout().elementBytes(), slot.layout()));
  }
}
