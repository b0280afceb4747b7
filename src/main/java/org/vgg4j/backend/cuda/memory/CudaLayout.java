package org.vgg4j.backend.cuda.memory;

import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;

/**
 * How the GPU engine stores a tensor: row-major, images as (N, C, H, W). Another order would only
 * be added here.
 */
public record CudaLayout(Shape shape, DType dtype) implements Layout {
  public static CudaLayout floats(Shape shape) {
    return new CudaLayout(shape, DType.F32);
  }

  /** Casts a layout to this engine's type. */
  public static CudaLayout of(Layout layout) {
    if (layout instanceof CudaLayout own) {
      return own;
    }
    throw new IllegalArgumentException("a layout of another engine was given to the GPU engine");
  }

  /**
   * Checks the layout of existing weights.
   *
   * @param given null when they do not exist
   * @param operand the operation and its operand, for the message
   * @throws IllegalArgumentException when it is not this layout
   */
  public void requireSame(Layout given, String operand) {
    if (given != null && !equals(given)) {
      throw new IllegalArgumentException(operand + " exists as " + given + " and must be " + this);
    }
  }

  @Override
  public long bytes() {
    return shape.elementCount() * dtype.bytes();
  }

  @Override
  public CudaLayout as(DType other) {
    return new CudaLayout(shape, other);
  }

  @Override
  public String toString() {
    return dtype + " " + shape;
  }
}
