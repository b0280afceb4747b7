package org.vgg4j.io;

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

  /** The size of one element in bytes. */
  public int bytes() {
    return bytes;
  }
}
