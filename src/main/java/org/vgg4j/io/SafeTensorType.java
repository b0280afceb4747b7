package org.vgg4j.io;

import java.nio.ByteOrder;
import org.vgg4j.tensor.DType;

/**
 * The safetensors element types that this library supports, under the format's names. All are
 * little-endian.
 */
public enum SafeTensorType {
  /** IEEE double. */
  F64(8),
  /** IEEE float. */
  F32(4),
  /** IEEE half. */
  F16(2),
  /** The upper half of an IEEE float. */
  BF16(2),
  /** Signed 64-bit integer. */
  I64(8),
  /** Signed 32-bit integer. */
  I32(4),
  /** Unsigned byte. */
  U8(1);

  private final int bytes;

  SafeTensorType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * Returns the type of an engine's tensor, whose bytes are those of a file.
   *
   * @throws UnsupportedOperationException on a big-endian machine, where they are not
   */
  public static SafeTensorType of(DType type) {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedOperationException("model files need a little-endian machine");
    }
    return valueOf(type.name());
  }

  /** Returns the size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Returns whether this is a floating-point type. */
  public boolean isFloating() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }
}
