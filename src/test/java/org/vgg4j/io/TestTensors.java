package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tensors of files from and to arrays. */
public final class TestTensors {
  private TestTensors() {}

  /** Returns an F32 tensor of these values in row-major order. */
  public static SafeTensor floats(String name, float[] values, long... shape) {
    ByteBuffer bytes = littleEndian(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return SafeTensor.of(name, SafeTensorType.F32, bytes, shape);
  }

  /** Returns an F64 tensor of these values in row-major order. */
  public static SafeTensor doubles(String name, double[] values, long... shape) {
    ByteBuffer bytes = littleEndian(values.length * Double.BYTES);
    bytes.asDoubleBuffer().put(values);
    return SafeTensor.of(name, SafeTensorType.F64, bytes, shape);
  }

  /** Returns an I64 tensor of these values in row-major order. */
  public static SafeTensor longs(String name, long[] values, long... shape) {
    ByteBuffer bytes = littleEndian(values.length * Long.BYTES);
    bytes.asLongBuffer().put(values);
    return SafeTensor.of(name, SafeTensorType.I64, bytes, shape);
  }

  /** Returns a tensor of a file as F32. */
  public static float[] floats(SafeTensorsReader reader, String name) throws IOException {
    ByteBuffer bytes = reader.read(name, SafeTensorType.F32);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /** Returns a tensor of a file as F64. */
  public static double[] doubles(SafeTensorsReader reader, String name) throws IOException {
    ByteBuffer bytes = reader.read(name, SafeTensorType.F64);
    double[] values = new double[bytes.remaining() / Double.BYTES];
    bytes.asDoubleBuffer().get(values);
    return values;
  }

  /** Returns a tensor of a file as I64. */
  public static long[] longs(SafeTensorsReader reader, String name) throws IOException {
    ByteBuffer bytes = reader.read(name, SafeTensorType.I64);
    long[] values = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(values);
    return values;
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
