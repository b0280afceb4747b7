package org.vgg4j.io;

import java.nio.ByteBuffer;

/** Turns little-endian elements of a file into Java's; a switch a target type. */
final class ElementDecoder {
  private ElementDecoder() {}

  static boolean isFloating(SafeTensorType type) {
    return switch (type) {
      case F64, F32, F16, BF16 -> true;
      case I64, I32, U8 -> false;
    };
  }

  /** Puts all elements of a chunk into an array from an index on; F64 is rounded to nearest. */
  static void toFloats(SafeTensorType type, ByteBuffer chunk, float[] into, int first) {
    int count = chunk.remaining() / type.bytes();
    if (type == SafeTensorType.F32) {
      chunk.asFloatBuffer().get(into, first, count); // keeps the bits of NaNs
      return;
    }
    for (int i = 0; i < count; i++) {
      into[first + i] =
          switch (type) {
            case F64 -> (float) chunk.getDouble(i * Double.BYTES);
            case F16 -> halfToFloat(chunk.getShort(i * Short.BYTES));
            case BF16 -> Float.intBitsToFloat(chunk.getShort(i * Short.BYTES) << 16);
            default -> throw new IllegalArgumentException(type + " is no floating-point type");
          };
    }
  }

  /** Puts all elements of a chunk into an array from an index on; exact. */
  static void toDoubles(SafeTensorType type, ByteBuffer chunk, double[] into, int first) {
    int count = chunk.remaining() / type.bytes();
    if (type == SafeTensorType.F64) {
      chunk.asDoubleBuffer().get(into, first, count);
      return;
    }
    float[] floats = new float[count];
    toFloats(type, chunk, floats, 0);
    for (int i = 0; i < count; i++) {
      into[first + i] = floats[i];
    }
  }

  /** Puts all elements of a chunk into an array from an index on; exact. */
  static void toLongs(SafeTensorType type, ByteBuffer chunk, long[] into, int first) {
    int count = chunk.remaining() / type.bytes();
    for (int i = 0; i < count; i++) {
      into[first + i] =
          switch (type) {
            case I64 -> chunk.getLong(i * Long.BYTES);
            case I32 -> chunk.getInt(i * Integer.BYTES);
            case U8 -> Byte.toUnsignedLong(chunk.get(i));
            default -> throw new IllegalArgumentException(type + " is no integer type");
          };
    }
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
