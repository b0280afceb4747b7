package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.LongPointer;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;

/**
 * A layout described by a oneDNN memory descriptor. The descriptor may have more axes than the
 * logical shape (a linear layer's weights over an image), but its row-major order is the same.
 */
final class OneDnnLayout implements Layout {
  private final Shape shape;
  private final Shape physical; // the axes of the descriptor
  private final DType dtype;
  private final memory.desc desc; // null for I64: oneDNN lacks it, so it is row-major
  private final long bytes;
  private final OneDnnLayout filters; // what the values are transformed from, or null
  private final boolean plainOrder;

  private OneDnnLayout(
      Shape shape,
      Shape physical,
      DType dtype,
      memory.desc desc,
      long bytes,
      OneDnnLayout filters) {
    this.shape = shape;
    this.physical = physical;
    this.dtype = dtype;
    this.desc = desc;
    this.bytes = bytes;
    this.filters = filters;
    this.plainOrder = desc == null || desc.equals(Dnnl.plain(physical, dtype));
  }

  static OneDnnLayout plain(Shape shape, DType dtype) {
    long bytes = shape.elementCount() * dtype.bytes();
    if (dtype == DType.I64) {
      return new OneDnnLayout(shape, shape, dtype, null, bytes, null);
    }
    return new OneDnnLayout(shape, shape, dtype, Dnnl.plain(shape, dtype), bytes, null);
  }

  /** Wraps a descriptor with the axes of its shape. */
  static OneDnnLayout of(Shape shape, memory.desc desc) {
    return of(shape, shape, desc);
  }

  /** Wraps a descriptor with the axes {@code physical}, which flatten to {@code shape}. */
  static OneDnnLayout of(Shape shape, Shape physical, memory.desc desc) {
    return new OneDnnLayout(shape, physical, Dnnl.dtype(desc), desc, desc.get_size(), null);
  }

  /**
   * Returns the layout of filters that are stored as they are computed with: transformed by {@link
   * RowTransform#FILTER}.
   *
   * @param desc that of the transformed values
   */
  OneDnnLayout transformed(memory.desc desc) {
    return new OneDnnLayout(shape, physical, dtype, desc, desc.get_size(), this);
  }

  /** Returns the layout that the values are transformed from; null where they are as they are. */
  OneDnnLayout filters() {
    return filters;
  }

  /** Returns the layout of the same tensor in another order, and perhaps of another type. */
  OneDnnLayout inOrder(memory.desc other) {
    return of(shape, physical, other);
  }

  /** Returns how many indices of the first axis a block has, of the largest kind of blocks. */
  int rowsOfBlock() {
    int rows = 1;
    int kinds = desc.get_inner_nblks();
    try (LongPointer sizes = desc.get_inner_blks();
        LongPointer axes = desc.get_inner_idxs()) {
      for (int i = 0; i < kinds; i++) {
        rows *= axes.get(i) == 0 ? Math.toIntExact(sizes.get(i)) : 1;
      }
    }
    return rows;
  }

  /** Returns the layout of a slice of whole blocks of the first axis, at the same address. */
  OneDnnLayout slice(int begin, int count) {
    if (count == shape.dim(0)) {
      return this;
    }
    long[] offsets = new long[physical.rank()];
    offsets[0] = begin;
    Shape part = physical.withBatch(count);
    return of(shape.withBatch(count), part, desc.submemory_desc(Dnnl.dims(part), offsets));
  }

  /** Returns the row-major layout of the same axes in a type. */
  OneDnnLayout plain(DType type) {
    return of(shape, physical, Dnnl.plain(physical, type));
  }

  /** Returns an opaque layout of {@code bytes} bytes for a plan's own use. */
  static OneDnnLayout opaque(long bytes) {
    int row = 1 << 12; // an extent is an int; a large batch's workspace exceeds 2 GiB
    int rows = Math.toIntExact(Math.max(1, (bytes + row - 1) / row));
    return plain(Shape.of(rows, row), DType.U8);
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public DType dtype() {
    return dtype;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  memory.desc desc() {
    return desc;
  }

  boolean isPlain() {
    return plainOrder;
  }

  boolean matches(memory.desc other) {
    return desc.equals(other);
  }

  /**
   * Returns the descriptor by which the values are best copied to a layout of the same shape: that
   * of a matrix where both are row-major but for axes of one index, for which oneDNN would
   * otherwise take slow loops.
   */
  memory.desc toCopy(OneDnnLayout other) {
    if (!isDense() || !other.isDense()) {
      return desc;
    }
    long rows = physical.dim(0);
    Shape matrix = Shape.of((int) rows, Math.toIntExact(physical.elementCount() / rows));
    return Dnnl.plain(matrix, dtype);
  }

  /** Returns whether the values lie row by row without gaps, axes of one index aside. */
  private boolean isDense() {
    if (physical.rank() < 2 || desc == null || desc.get_inner_nblks() > 0) {
      return false;
    }
    if (desc.get_submemory_offset() != 0) { // a slice, which begins elsewhere
      return false;
    }
    long expected = 1;
    try (LongPointer strides = desc.get_strides()) {
      for (int axis = physical.rank() - 1; axis >= 0; axis--) {
        if (physical.dim(axis) > 1 && strides.get(axis) != expected) {
          return false;
        }
        expected *= physical.dim(axis);
      }
    }
    return true;
  }

  @Override
  public Layout as(DType other) {
    if (other == dtype) {
      return this;
    }
    if (!isPlain()) {
      throw new IllegalArgumentException(
          "the CPU engine cannot store " + this + " in another type");
    }
    return plain(shape, other);
  }

  @Override
  public boolean equals(Object other) {
    if (this == other) {
      return true;
    }
    return other instanceof OneDnnLayout layout
        && shape.equals(layout.shape)
        && dtype == layout.dtype
        && (desc == null || desc.equals(layout.desc));
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + dtype.hashCode();
  }

  @Override
  public String toString() {
    return dtype + " " + shape + (isPlain() ? "" : " in oneDNN's order");
  }
}
