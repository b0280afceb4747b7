package org.vgg4j.io;

import java.nio.ByteBuffer;
import org.vgg4j.tensor.InvalidInputException;

/** Converts little-endian elements from one type to another. */
final class ElementDecoder {
  private ElementDecoder() {}

  /**
   * Returns a tensor's elements as another type: floating-point numbers as F32 or F64, integers as
   * I64. Only F64 to F32 rounds, to nearest; values out of range become infinite. Bytes that have
   * the type already are returned unchanged.
   *
   * @param origin where the tensor comes from, for the message
   * @throws InvalidInputException when the conversion is between integers and floating point
   */
  static ByteBuffer convert(
      Object origin, SafeTensorSpec spec, ByteBuffer bytes, SafeTensorType as) {
    SafeTensorType type = spec.type();
    if (type == as) {
      return bytes;
    }
    if (type.isFloating() != as.isFloating()) {
      throw new InvalidInputException(
          "%s: tensor %s holds %s where %s are needed; it belongs to another kind of net"
              .formatted(
                  origin,
                  Damage.quote(spec.name()),
                  type,
                  as.isFloating() ? "floating-point numbers" : "whole numbers"));
    }
    ByteBuffer result = spec.allocate(origin, as);
    for (int at = 0; at < bytes.limit(); at += type.bytes()) {
      switch (as) {
        case F64 -> result.putDouble(real(type, bytes, at));
        case F32 -> result.putFloat((float) real(type, bytes, at));
        case I64 -> result.putLong(whole(type, bytes, at));
        default -> throw new IllegalArgumentException(type + " cannot be converted to " + as);
      }
    }
    return result.flip();
  }

  private static double real(SafeTensorType type, ByteBuffer bytes, int at) {
    return switch (type) {
      case F64 -> bytes.getDouble(at);
      case F32 -> bytes.getFloat(at);
      case F16 -> halfToFloat(bytes.getShort(at));
      case BF16 -> Float.intBitsToFloat(bytes.getShort(at) << 16);
      default -> throw new IllegalArgumentException(type + " is not a floating-point type");
    };
  }

  private static long whole(SafeTensorType type, ByteBuffer bytes, int at) {
    return switch (type) {
      case I64 -> bytes.getLong(at);
      case I32 -> bytes.getInt(at);
      case U8 -> Byte.toUnsignedLong(bytes.get(at));
      default -> throw new IllegalArgumentException(type + " is not an integer type");
    };
  }

  /** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
  private static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >> 10 & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int floatExponent = exponent == 0x1f ? 0xff : exponent + 127 - 15;
    return Float.intBitsToFloat(sign | floatExponent << 23 | fraction << 13);
  }
}
