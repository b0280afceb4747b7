package org.vgg4j.tensor;

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
}
