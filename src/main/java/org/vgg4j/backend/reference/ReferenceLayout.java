package org.vgg4j.backend.reference;

import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;

/** A row-major layout; every element takes one 8-byte cell of its arena, whatever its type. */
record ReferenceLayout(Shape shape, DType dtype) implements Layout {
  static final int CELL_BYTES = 8;

  ReferenceLayout {
    if (shape.elementCount() > Long.MAX_VALUE / CELL_BYTES) {
      throw new InvalidInputException("a tensor of shape " + shape + " has more than 2^63 bytes");
    }
  }

  @Override
  public long bytes() {
    return shape.elementCount() * CELL_BYTES;
  }

  /** Returns a layout of the type that this engine computes in. */
  static ReferenceLayout f64(Shape shape) {
    return new ReferenceLayout(shape, DType.F64);
  }

  /** Returns a layout given to a plan; throws if this engine cannot compute with it. */
  static ReferenceLayout computable(String operation, Layout layout) {
    if (!(layout instanceof ReferenceLayout own)) {
      throw new IllegalArgumentException(operation + ": " + layout + " is another engine's layout");
    }
    if (!own.dtype.isFloating()) {
      throw new IllegalArgumentException(operation + " cannot compute with " + own.dtype);
    }
    return own;
  }

  @Override
  public int elementBytes() {
    return CELL_BYTES;
  }

  @Override
  public ReferenceLayout as(DType other) {
    return other == dtype ? this : new ReferenceLayout(shape, other);
  }

  @Override
  public String toString() {
    return dtype + " " + shape;
  }
}
