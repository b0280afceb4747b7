package org.vgg4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Values on their way between Java arrays and the buffers that engines read and write. */
public final class HostArrays {
  private static final int CHUNK = 1 << 16;

  private HostArrays() {}

  /** Returns the bytes that a tensor's values take, row-major. */
  public static int bytes(Tensor tensor) {
    return Math.multiplyExact(tensor.shape().arrayLength(), tensor.dtype().bytes());
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

  /** Throws unless {@code length} is the tensor's element count. */
  static void checkLength(Tensor tensor, int length) {
    if (length != tensor.shape().elementCount()) {
      throw new InvalidInputException(
          "an array of %d values does not fit a tensor of shape %s (%d values)"
              .formatted(length, tensor.shape(), tensor.shape().elementCount()));
    }
  }

  /** Throws unless the tensor holds floating-point values. */
  public static void checkFloating(Tensor tensor) {
    if (!tensor.dtype().isFloating()) {
      throw new InvalidInputException(
          "a tensor of type " + tensor.dtype() + " takes integers, not floating-point values");
    }
  }

  private static void checkType(Tensor tensor, DType type) {
    if (tensor.dtype() != type) {
      throw new InvalidInputException(
          "a tensor of type " + tensor.dtype() + " where " + type + " is needed");
    }
  }

  private static ByteBuffer buffer(Tensor tensor) {
    return ByteBuffer.allocate(bytes(tensor)).order(ByteOrder.nativeOrder());
  }

  static void upload(Tensor tensor, float[] source, int offset) {
    if (offset < 0
        || offset > source.length
        || source.length - offset < tensor.shape().elementCount()) {
      throw new InvalidInputException(
          "an array of %d values from position %d is too short for a tensor of shape %s"
              .formatted(source.length, offset, tensor.shape()));
    }
    checkFloating(tensor);
    ByteBuffer buffer = buffer(tensor);
    if (tensor.dtype() == DType.F32) {
      buffer.asFloatBuffer().put(source, offset, tensor.shape().arrayLength());
    } else {
      put(tensor, buffer, i -> source[offset + i]);
    }
    tensor.upload(buffer);
  }

  static void uploadFloats(Tensor tensor, ByteBuffer source) {
    if (tensor.dtype() == DType.F32) {
      tensor.upload(source);
      return;
    }
    checkFloats(tensor, source);
    int start = source.position();
    tensor.fill(i -> source.getFloat(start + i * Float.BYTES));
  }

  /** Throws unless exactly as many floats as a floating-point tensor has remain in a buffer. */
  public static void checkFloats(Tensor tensor, ByteBuffer buffer) {
    checkFloating(tensor);
    long bytes = tensor.shape().elementCount() * Float.BYTES;
    if (buffer.remaining() != bytes) {
      throw new InvalidInputException(
          "a buffer of %d bytes does not fit a tensor of %s (%d bytes of floats)"
              .formatted(buffer.remaining(), tensor.shape(), bytes));
    }
  }

  static void upload(Tensor tensor, double[] source) {
    checkLength(tensor, source.length);
    fill(tensor, i -> source[i]);
  }

  /** Sets every value of a floating-point tensor to a function of its index, in parallel. */
  static void fill(Tensor tensor, IntToDoubleFunction values) {
    checkFloating(tensor);
    ByteBuffer buffer = buffer(tensor);
    put(tensor, buffer, values);
    tensor.upload(buffer);
  }

  /** Sets every value in a buffer of a tensor's row-major values, in parallel. */
  public static void put(Tensor tensor, ByteBuffer buffer, IntToDoubleFunction values) {
    DType type = tensor.dtype();
    int count = tensor.shape().arrayLength();
    IntStream.range(0, (count - 1) / CHUNK + 1)
        .parallel()
        .forEach(
            chunk -> {
              int end = (int) Math.min(count, (chunk + 1L) * CHUNK);
              for (int i = chunk * CHUNK; i < end; i++) {
                type.put(buffer, i, values.applyAsDouble(i));
              }
            });
  }

  static void download(Tensor tensor, float[] target) {
    ByteBuffer buffer = downloaded(tensor, target.length);
    if (tensor.dtype() == DType.F32) {
      buffer.asFloatBuffer().get(target);
      return;
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) tensor.dtype().get(buffer, i);
    }
  }

  static void download(Tensor tensor, double[] target) {
    ByteBuffer buffer = downloaded(tensor, target.length);
    for (int i = 0; i < target.length; i++) {
      target[i] = tensor.dtype().get(buffer, i);
    }
  }

  private static ByteBuffer downloaded(Tensor tensor, int length) {
    checkFloating(tensor);
    return downloaded(tensor, tensor.dtype(), length);
  }

  /** Returns a tensor's values of a type. */
  static ByteBuffer downloaded(Tensor tensor, DType type, int length) {
    checkLength(tensor, length);
    checkType(tensor, type);
    ByteBuffer buffer = buffer(tensor);
    tensor.download(buffer);
    return buffer;
  }

  /** Uploads integers of a type that {@code writer} puts into a buffer. */
  static void upload(Tensor tensor, DType type, int length, Consumer<ByteBuffer> writer) {
    checkLength(tensor, length);
    checkType(tensor, type);
    ByteBuffer buffer = buffer(tensor);
    writer.accept(buffer);
    tensor.upload(buffer.clear());
  }

  /** Returns whether no value of a buffer of a floating-point type is NaN or infinite. */
  public static boolean isFinite(DType type, ByteBuffer values) {
    // A finite value times zero is zero; anything else makes the sum NaN.
    double sum = 0;
    for (int i = 0; i < values.remaining() / type.bytes(); i++) {
      sum += type.get(values, i) * 0;
    }
    return sum == 0;
  }
}
