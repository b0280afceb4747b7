package org.vgg4j.tensor;

import java.nio.ByteBuffer;

/** The type of a tensor's elements, as seen from outside; an engine may store a wider one. */
public enum DType {
  /** IEEE double. */
  F64(8),
  /** IEEE single. */
  F32(4),
  /** The upper half of an IEEE single. */
  BF16(2),
  /** Unsigned byte, 0 to 255. */
  U8(1),
  /** Signed 32-bit integer. */
  I32(4),
  /** Signed 64-bit integer. */
  I64(8);

  private static final int BF16_FRACTION_BITS = 7;

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Returns whether values of this type are rounded reals rather than integers. */
  public boolean isFloating() {
    return this == F64 || this == F32 || this == BF16;
  }

  /** Returns the value of this floating-point type nearest to another, ties to even. */
  public double round(double value) {
    return switch (this) {
      case F64 -> value;
      case F32 -> (float) value;
      case BF16 -> bf16(value);
      default -> throw new IllegalArgumentException(this + " holds integers");
    };
  }

  /** Rounds once, to nearest even; through float it would be rounded twice. */
  private static double bf16(double value) {
    int exponent = Math.max(Math.getExponent(value), Float.MIN_EXPONENT);
    double quantum = Math.scalb(1.0, exponent - BF16_FRACTION_BITS);
    double rounded = Math.rint(value / quantum) * quantum;
    return Math.abs(rounded) > Float.MAX_VALUE ? rounded * Double.POSITIVE_INFINITY : rounded;
  }

  /** Writes a value, rounded to this floating-point type, as an element of a buffer. */
  public void put(ByteBuffer buffer, int index, double value) {
    switch (this) {
      case F64 -> buffer.putDouble(index * bytes, value);
      case F32 -> buffer.putFloat(index * bytes, (float) value);
      default -> buffer.putShort(index * bytes, (short) (floatBits(round(value)) >>> 16));
    }
  }

  private static int floatBits(double value) {
    return Float.floatToRawIntBits((float) value);
  }

  /** Returns an element of a buffer of this floating-point type. */
  public double get(ByteBuffer buffer, int index) {
    return switch (this) {
      case F64 -> buffer.getDouble(index * bytes);
      case F32 -> buffer.getFloat(index * bytes);
      default -> Float.intBitsToFloat(buffer.getShort(index * bytes) << 16);
    };
  }
}
