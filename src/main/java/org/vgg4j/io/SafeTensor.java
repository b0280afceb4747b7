package org.vgg4j.io;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A tensor to be written: what it is and where its elements come from.
 *
 * <p>The arrays and buffers given are not copied: they must keep their values until the file is
 * written.
 */
public record SafeTensor(SafeTensorSpec spec, ElementSource source) {
  /** Gives a tensor's elements piece by piece, in order, each once. */
  @FunctionalInterface
  public interface ElementSource {
    /**
     * Fills the rest of a little-endian buffer, from its position to its limit, with elements.
     *
     * @param firstElement the row-major index of the first element to give
     */
    void fill(long firstElement, ByteBuffer chunk);
  }

  /** Creates a tensor to be written. */
  public SafeTensor {
    Objects.requireNonNull(spec, "spec");
    Objects.requireNonNull(source, "source");
  }

  /**
   * An F32 tensor of these values in row-major order.
   *
   * @throws IllegalArgumentException when the shape has another number of elements
   */
  public static SafeTensor ofFloats(String name, float[] values, long... shape) {
    return new SafeTensor(
        spec(name, SafeTensorType.F32, values.length, shape),
        (first, chunk) -> {
          int count = chunk.remaining() / Float.BYTES;
          chunk.asFloatBuffer().put(values, (int) first, count);
          chunk.position(chunk.limit());
        });
  }

  /**
   * An F64 tensor of these values in row-major order.
   *
   * @throws IllegalArgumentException when the shape has another number of elements
   */
  public static SafeTensor ofDoubles(String name, double[] values, long... shape) {
    return new SafeTensor(
        spec(name, SafeTensorType.F64, values.length, shape),
        (first, chunk) -> {
          int count = chunk.remaining() / Double.BYTES;
          chunk.asDoubleBuffer().put(values, (int) first, count);
          chunk.position(chunk.limit());
        });
  }

  /**
   * An I64 tensor of these values in row-major order.
   *
   * @throws IllegalArgumentException when the shape has another number of elements
   */
  public static SafeTensor ofLongs(String name, long[] values, long... shape) {
    return new SafeTensor(
        spec(name, SafeTensorType.I64, values.length, shape),
        (first, chunk) -> {
          int count = chunk.remaining() / Long.BYTES;
          chunk.asLongBuffer().put(values, (int) first, count);
          chunk.position(chunk.limit());
        });
  }

  /**
   * A tensor of any type, its data little-endian in the rest of a buffer (whose position stays).
   *
   * @throws IllegalArgumentException when the shape needs another number of bytes
   */
  public static SafeTensor ofBytes(
      String name, SafeTensorType type, ByteBuffer littleEndian, long... shape) {
    ByteBuffer data = littleEndian.slice();
    SafeTensorSpec spec = new SafeTensorSpec(name, type, boxed(shape));
    requireSize(spec, "bytes", data.remaining(), spec.byteCount());
    return new SafeTensor(
        spec,
        (first, chunk) -> {
          int index = Math.toIntExact(first * type.bytes());
          chunk.put(data.slice(index, chunk.remaining()));
        });
  }

  private static SafeTensorSpec spec(String name, SafeTensorType type, int count, long[] shape) {
    SafeTensorSpec spec = new SafeTensorSpec(name, type, boxed(shape));
    requireSize(spec, "values", count, spec.elementCount());
    return spec;
  }

  private static void requireSize(SafeTensorSpec spec, String unit, long given, long needed) {
    if (given != needed) {
      throw new IllegalArgumentException(
          "%s: shape %s needs %d %s, not %d"
              .formatted(spec.name(), spec.shape(), needed, unit, given));
    }
  }

  private static List<Long> boxed(long[] shape) {
    return Arrays.stream(shape).boxed().toList();
  }
}
