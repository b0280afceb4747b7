package org.vgg4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntToDoubleFunction;

/**
 * A view of memory that an {@link Arena} owns; owns nothing itself and is never closed.
 *
 * <p>Values come in and go out in row-major order of the logical shape. A conversion to a narrower
 * floating type rounds to nearest even.
 */
public interface Tensor {
  /** Returns the layout. */
  Layout layout();

  /** Returns the logical shape. */
  default Shape shape() {
    return layout().shape();
  }

  /** Returns the type of the elements. */
  default DType dtype() {
    return layout().dtype();
  }

  /**
   * Copies all values from the rest of a buffer, direct or not, whose position stays: elements of
   * {@link #dtype}, row-major, in the machine's byte order.
   *
   * @throws InvalidInputException unless exactly this tensor's bytes remain in the buffer
   */
  void upload(ByteBuffer source);

  /**
   * Copies all values into the rest of a buffer, as {@link #upload(ByteBuffer)} reads them. Waits
   * for the engine.
   *
   * @throws InvalidInputException unless exactly this tensor's bytes remain in the buffer
   */
  void download(ByteBuffer target);

  /**
   * Copies all values from the beginning of a buffer, as {@link #upload(ByteBuffer)} does, but may
   * return before they are in the tensor: whatever is handed to the engine from now on sees them,
   * and the buffer may be written again after {@link HostBuffer#await}.
   */
  default void uploadAsync(HostBuffer source) {
    upload(source.bytes().slice(0, HostArrays.bytes(this)));
  }

  /**
   * Copies at least the first {@code bytes} bytes of the values, as {@link
   * #uploadAsync(HostBuffer)} does; what stands behind them is undefined. For U8 tensors.
   */
  default void uploadAsync(HostBuffer source, int bytes) {
    uploadAsync(source);
  }

  /**
   * Copies all values from the beginning of a buffer of F32, rounded where the storage is narrower,
   * as {@link #uploadAsync} does; for floating-point tensors.
   */
  default void uploadFloatsAsync(HostBuffer source) {
    if (dtype() == DType.F32) {
      uploadAsync(source);
    } else {
      ByteBuffer floats = source.bytes();
      fill(i -> floats.getFloat(i * Float.BYTES));
    }
  }

  /**
   * Copies all values from the rest of a buffer of F32 in the machine's byte order, rounded where
   * the storage is narrower; for floating-point tensors.
   *
   * @throws InvalidInputException unless exactly that many values remain in the buffer
   */
  default void uploadFloats(ByteBuffer source) {
    HostArrays.uploadFloats(this, source);
  }

  /**
   * Returns whether no value is NaN or infinite; for floating-point tensors. Waits for the engine.
   */
  boolean isFinite();

  /**
   * Copies {@code elementCount} values from {@code source}, starting at {@code offset}, rounded
   * where the storage is narrower.
   *
   * @throws InvalidInputException when the array is too short or this tensor holds integers
   */
  default void upload(float[] source, int offset) {
    HostArrays.upload(this, source, offset);
  }

  /** Copies all values from an array of exactly this tensor's length. */
  default void upload(float[] source) {
    HostArrays.checkLength(this, source.length);
    upload(source, 0);
  }

  /** Copies all values from an array of exactly this tensor's length. */
  default void upload(double[] source) {
    HostArrays.upload(this, source);
  }

  /** Copies all values into an array of exactly this tensor's length; for floating point. */
  default void download(float[] target) {
    HostArrays.download(this, target);
  }

  /** Copies all values into an array of exactly this tensor's length; for floating point. */
  default void download(double[] target) {
    HostArrays.download(this, target);
  }

  /** Copies all values from an array of exactly this tensor's length; for I32 tensors. */
  default void upload(int[] source) {
    HostArrays.upload(this, DType.I32, source.length, b -> b.asIntBuffer().put(source));
  }

  /** Copies all values into an array of exactly this tensor's length; for I32 tensors. */
  default void download(int[] target) {
    HostArrays.downloaded(this, DType.I32, target.length).asIntBuffer().get(target);
  }

  /** Copies all values from an array of exactly this tensor's length; for I64 tensors. */
  default void upload(long[] source) {
    HostArrays.upload(this, DType.I64, source.length, b -> b.asLongBuffer().put(source));
  }

  /** Copies all values into an array of exactly this tensor's length; for I64 tensors. */
  default void download(long[] target) {
    HostArrays.downloaded(this, DType.I64, target.length).asLongBuffer().get(target);
  }

  /** Copies all values, unsigned, from an array of this tensor's length; for U8 tensors. */
  default void upload(byte[] source) {
    HostArrays.upload(this, DType.U8, source.length, b -> b.put(source));
  }

  /** Copies all values, unsigned, into an array of this tensor's length; for U8 tensors. */
  default void download(byte[] target) {
    HostArrays.downloaded(this, DType.U8, target.length).get(target);
  }

  /**
   * Sets every value of a floating-point tensor to a function of its row-major index, which several
   * threads may call at once.
   */
  default void fill(IntToDoubleFunction values) {
    HostArrays.fill(this, values);
  }

  /**
   * Copies the values of another tensor of this engine and shape: of the same type, or where both
   * are floating-point of another one, rounded to nearest even where this one is narrower.
   */
  default void copyFrom(Tensor source) {
    if (source.dtype() == dtype()) {
      ByteBuffer bytes =
          ByteBuffer.allocate(HostArrays.bytes(source)).order(ByteOrder.nativeOrder());
      source.download(bytes);
      upload(bytes);
      return;
    }
    double[] values = new double[shape().arrayLength()];
    source.download(values);
    upload(values);
  }
}
