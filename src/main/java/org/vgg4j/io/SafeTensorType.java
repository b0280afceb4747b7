package org.vgg4j.io;

import java.nio.ByteOrder;
import org.vgg4j.tensor.DType;

/**
 * The element types of safetensors files that this library reads and writes; the names are the
 * format's. All are little-endian.
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
   * The type of an engine's tensor; its bytes then are those of a file.
   *
   * @throws UnsupportedOperationException on a big-endian machine, whose tensors' bytes are not
   */
  public static SafeTensorType of(DType type) {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedOperationException("model files need a little-endian machine");
    }
    return valueOf(type.name());
  }

  /** The size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether the elements are rounded reals rather than whole numbers. */
  public boolean isFloating() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }
}
