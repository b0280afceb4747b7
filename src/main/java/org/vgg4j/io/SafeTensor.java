package org.vgg4j.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;

/**
 * A tensor of a safetensors file: what it is and its bytes.
 *
 * @param spec its name, type and shape
 * @param source gives the bytes: the elements in row-major order, little-endian, in the rest of a
 *     buffer that nobody changes afterwards
 */
public record SafeTensor(SafeTensorSpec spec, Supplier<ByteBuffer> source) {
  /** Returns a tensor of an engine; its values are fetched whenever they are asked for. */
  public static SafeTensor of(String name, Tensor tensor) {
    List<Long> shape = IntStream.of(tensor.shape().toArray()).mapToObj(Long::valueOf).toList();
    SafeTensorSpec spec = new SafeTensorSpec(name, SafeTensorType.of(tensor.dtype()), shape);
    return new SafeTensor(
        spec,
        () -> {
          ByteBuffer bytes = spec.allocate("the net", spec.type());
          tensor.download(bytes);
          return bytes;
        });
  }

  /**
   * Returns a tensor whose data are the rest of a buffer (whose position stays).
   *
   * @throws IllegalArgumentException when the shape needs another number of bytes
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

  /** Returns the same with its bytes fetched now. */
  public SafeTensor copy() {
    ByteBuffer bytes = bytes();
    return new SafeTensor(spec, () -> bytes);
  }

  /**
   * Returns a view of the bytes whose order is little-endian.
   *
   * @throws IllegalStateException when the source gives another number of bytes
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
