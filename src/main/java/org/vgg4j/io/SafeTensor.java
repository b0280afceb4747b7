package org.vgg4j.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;

/**
 * A tensor of a safetensors file: its description and its bytes.
 *
 * @param spec its name, type and shape
 * @param source supplies the elements, row-major and little-endian, as the remaining bytes of a
 *     buffer that must not change afterwards
 */
public record SafeTensor(SafeTensorSpec spec, Supplier<ByteBuffer> source) {
  /** Wraps an engine's tensor; its values are downloaded at every request. */
  public static SafeTensor of(String name, Tensor tensor) {
    return of(name, tensor, spec -> null);
  }

  /**
   * Wraps an engine's tensor; its values are downloaded at every request.
   *
   * @param room returns the little-endian memory that they then overwrite, null for new memory
   */
  public static SafeTensor of(
      String name, Tensor tensor, Function<SafeTensorSpec, ByteBuffer> room) {
    List<Long> shape = IntStream.of(tensor.shape().toArray()).mapToObj(Long::valueOf).toList();
    SafeTensorSpec spec = new SafeTensorSpec(name, SafeTensorType.of(tensor.dtype()), shape);
    return new SafeTensor(
        spec,
        () -> {
          ByteBuffer given = room.apply(spec);
          ByteBuffer bytes = given == null ? spec.allocate("the net", spec.type()) : given;
          tensor.download(bytes);
          return bytes;
        });
  }

  /**
   * Returns a tensor over a buffer's remaining bytes; the position is unchanged.
   *
   * @throws IllegalArgumentException when the shape needs a different number of bytes
   */
  public static SafeTensor of(
      String name, SafeTensorType type, ByteBuffer littleEndian, long... shape) {
    SafeTensorSpec spec = new SafeTensorSpec(name, type, Arrays.stream(shape).boxed().toList());
    ByteBuffer data = littleEndian.slice();
    if (data.remaining() != spec.byteCount()) {
      throw new IllegalArgumentException(
          "%s: shape %s needs %d bytes, not %d"
              .formatted(name, spec.shape(), spec.byteCount(), data.remaining()));
    }
    return new SafeTensor(spec, () -> data);
  }

  /**
   * Returns the elements as another type, as {@link SafeTensorsReader#read} does.
   *
   * @throws InvalidInputException when it holds the other kind of numbers
   */
  public ByteBuffer read(SafeTensorType type) {
    return ElementDecoder.convert("the checkpoint", spec, bytes(), type);
  }

  /** Returns a copy whose bytes are fetched now. */
  public SafeTensor copy() {
    ByteBuffer bytes = bytes();
    return new SafeTensor(spec, () -> bytes);
  }

  /**
   * Returns a little-endian view of the bytes.
   *
   * @throws IllegalStateException when the source supplies the wrong number of bytes
   */
  public ByteBuffer bytes() {
    ByteBuffer bytes = source.get().slice().order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() != spec.byteCount()) {
      throw new IllegalStateException(
          "the source of " + spec + " gave " + bytes.remaining() + " bytes");
    }
    return bytes;
  }
}
