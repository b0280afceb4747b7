package org.vgg4j.tensor;

import java.nio.ByteBuffer;

/** The checks every engine makes before values cross between an array or buffer and a tensor. */
public final class HostArrays {
  private HostArrays() {}

  /** Throws unless {@code length} is the tensor's element count. */
  public static void checkLength(Tensor tensor, int length) {
    if (length != tensor.shape().elementCount()) {
      throw new InvalidInputException(
          "an array of "
              + length
              + " values does not fit a tensor of shape "
              + tensor.shape()
              + " ("
              + tensor.shape().elementCount()
              + " values)");
    }
  }

  /** Throws unless the tensor's element count fits between {@code offset} and {@code length}. */
  public static void checkRange(Tensor tensor, int offset, int length) {
    if (offset < 0 || offset > length || length - offset < tensor.shape().elementCount()) {
      throw new InvalidInputException(
          "an array of "
              + length
              + " values from position "
              + offset
              + " is too short for a tensor of shape "
              + tensor.shape());
    }
  }

  /** Throws unless exactly the bytes of the tensor's values remain in a buffer. */
  public static void checkBytes(Tensor tensor, ByteBuffer buffer) {
    long bytes = tensor.shape().elementCount() * tensor.dtype().bytes();
    if (buffer.remaining() != bytes) {
      throw new InvalidInputException(
          "a buffer of %d bytes does not fit a tensor of %s %s (%d bytes)"
              .formatted(buffer.remaining(), tensor.dtype(), tensor.shape(), bytes));
    }
  }

  /** Throws unless the tensor holds floating-point values. */
  public static void checkFloating(Tensor tensor) {
    if (!tensor.dtype().isFloating()) {
      throw new InvalidInputException(
          "a tensor of type " + tensor.dtype() + " takes integers, not floating-point values");
    }
  }

  /** Returns whether no value is NaN or infinite. */
  public static boolean isFinite(float[] values) {
    // A finite value times zero is zero; anything else makes the sum NaN.
    double sum = 0;
    for (float value : values) {
      sum += value * 0f;
    }
    return sum == 0;
  }

  /** Returns whether no value is NaN or infinite. */
  public static boolean isFinite(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * 0d;
    }
    return sum == 0;
  }

  /** Throws unless the tensor is of the given type. */
  public static void checkType(Tensor tensor, DType type) {
    if (tensor.dtype() != type) {
      throw new InvalidInputException(
          "a tensor of type " + tensor.dtype() + " where " + type + " is needed");
    }
  }
}
