package org.vgg4j.tensor;

import java.util.Arrays;

/**
 * The logical extents of a tensor, outermost first; images are (N, C, H, W) whatever the storage.
 */
public final class Shape {
  private final int[] dims;
  private final long elementCount;

  private Shape(int[] dims) {
    long count = 1;
    for (int dim : dims) {
      if (dim < 1) {
        throw new InvalidInputException(
            "shape " + Arrays.toString(dims) + " has an extent below 1");
      }
      try {
        count = Math.multiplyExact(count, dim);
      } catch (ArithmeticException e) {
        throw new InvalidInputException(
            "shape " + Arrays.toString(dims) + " has more than 2^63 elements", e);
      }
    }
    this.dims = dims;
    this.elementCount = count;
  }

  /**
   * Returns the shape of the given extents; none at all is a scalar.
   *
   * @throws InvalidInputException when an extent is below 1 or the product overflows
   */
  public static Shape of(int... dims) {
    return new Shape(dims.clone());
  }

  /** Returns the number of axes. */
  public int rank() {
    return dims.length;
  }

  /** Returns the extent of an axis. */
  public int dim(int axis) {
    return dims[axis];
  }

  /** Returns the product of the extents. */
  public long elementCount() {
    return elementCount;
  }

  /** Returns {@link #elementCount()} as an array length. */
  public int arrayLength() {
    if (elementCount > Integer.MAX_VALUE - 8) {
      throw new InvalidInputException(
          "a tensor of shape " + this + " is too large for a Java array");
    }
    return (int) elementCount;
  }

  /** Returns this shape with another extent of the first axis. */
  public Shape withBatch(int batch) {
    int[] changed = dims.clone();
    changed[0] = batch;
    return new Shape(changed);
  }

  /** Returns the shape without its first axis: of (N, C, H, W) the image (C, H, W). */
  public Shape withoutBatch() {
    return new Shape(Arrays.copyOfRange(dims, 1, dims.length));
  }

  /** Returns the shape of {@code batch} samples of this shape: one more axis, the first. */
  public Shape batched(int batch) {
    int[] result = new int[dims.length + 1];
    result[0] = batch;
    System.arraycopy(dims, 0, result, 1, dims.length);
    return of(result);
  }

  /** Returns the extents as a new array. */
  public int[] toArray() {
    return dims.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** Returns the extents as in {@code 64x3x224x224}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int dim : dims) {
      text.append(text.isEmpty() ? "" : "x").append(dim);
    }
    return text.isEmpty() ? "scalar" : text.toString();
  }
}
