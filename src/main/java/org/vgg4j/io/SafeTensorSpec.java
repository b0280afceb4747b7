package org.vgg4j.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Name, element type and shape of a tensor in a safetensors file; all size arithmetic is here. A
 * scalar has the shape {@code []} and one element.
 */
public record SafeTensorSpec(String name, SafeTensorType type, List<Long> shape) {
  private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

  /**
   * Checks the name and the shape.
   *
   * @throws IllegalArgumentException when the name is the format's reserved one, a dimension is
   *     negative, or the number of bytes overflows a long
   */
  public SafeTensorSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    shape = List.copyOf(shape);
    if (name.equals(SafeTensorsHeader.METADATA_KEY)) {
      throw new IllegalArgumentException("the name is reserved for the metadata");
    }
    if (shape.stream().anyMatch(dimension -> dimension < 0)) {
      throw new IllegalArgumentException("the shape " + shape + " has a negative dimension");
    }
    try {
      Math.multiplyExact(product(shape), (long) type.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("the size of shape " + shape + " overflows", e);
    }
  }

  /** Returns the number of elements. */
  public long elementCount() {
    return product(shape);
  }

  /** Returns the size of the data in bytes. */
  public long byteCount() {
    return elementCount() * type.bytes();
  }

  /**
   * Allocates a little-endian buffer for the elements as another type.
   *
   * @param origin where the tensor comes from, for the message
   * @throws InvalidInputException when they do not fit in one Java array
   */
  ByteBuffer allocate(Object origin, SafeTensorType as) {
    long count = elementCount();
    if (count > MAX_ARRAY_LENGTH / as.bytes()) {
      throw new InvalidInputException(
          "%s: tensor %s has %d elements of %s, more than one Java array holds; split it"
              .formatted(origin, Damage.quote(name), count, as));
    }
    return ByteBuffer.allocate((int) count * as.bytes()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long product(List<Long> shape) {
    long product = 1;
    for (long dimension : shape) {
      product = Math.multiplyExact(product, dimension);
    }
    return product;
  }
}
