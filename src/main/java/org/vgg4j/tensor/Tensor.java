package org.vgg4j.tensor;

import java.nio.ByteBuffer;
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
   * Copies {@code elementCount} values from {@code source}, starting at {@code offset}.
   *
   * @throws InvalidInputException when the array is too short or this tensor holds integers
   */
  void upload(float[] source, int offset);

  /** Copies all values from an array of exactly this tensor's length. */
  default void upload(float[] source) {
    HostArrays.checkLength(this, source.length);
    upload(source, 0);
  }

  /**
   * Copies all values from an array of exactly this tensor's length, rounding where the storage is
   * narrower.
   */
  void upload(double[] source);

  /** Copies all values into an array of exactly this tensor's length. */
  void download(float[] target);

  /** Copies all values into an array of exactly this tensor's length. */
  void download(double[] target);

  /**
   * Copies {@code elementCount} integers from {@code source}, starting at {@code offset}.
   *
   * @throws InvalidInputException when the array is too short or this tensor is not I32
   */
  void upload(int[] source, int offset);

  /** Copies all values from an array of exactly this tensor's length; for I32 tensors. */
  default void upload(int[] source) {
    HostArrays.checkLength(this, source.length);
    upload(source, 0);
  }

  /** Copies all values into an array of exactly this tensor's length; for I32 tensors. */
  void download(int[] target);

  /**
   * As {@link #upload(float[], int)}, but may return before the values are in the tensor: the array
   * may be changed at once, and whatever is handed to the engine from now on sees the new values.
   */
  default void uploadAsync(float[] source, int offset) {
    upload(source, offset);
  }

  /** As {@link #uploadAsync(float[], int)}, for I32 tensors. */
  default void uploadAsync(int[] source, int offset) {
    upload(source, offset);
  }

  /** Copies all values from an array of exactly this tensor's length; for I64 tensors. */
  void upload(long[] source);

  /** Copies all values into an array of exactly this tensor's length; for I64 tensors. */
  void download(long[] target);

  /**
   * Copies {@code elementCount} values, unsigned, from {@code source}, starting at {@code offset}.
   *
   * @throws InvalidInputException when the array is too short or this tensor is not U8
   */
  void upload(byte[] source, int offset);

  /** Copies all values, unsigned, from an array of exactly this tensor's length; for U8 tensors. */
  default void upload(byte[] source) {
    HostArrays.checkLength(this, source.length);
    upload(source, 0);
  }

  /** As {@link #uploadAsync(float[], int)}, for U8 tensors. */
  default void uploadAsync(byte[] source, int offset) {
    upload(source, offset);
  }

  /** Copies all values, unsigned, into an array of exactly this tensor's length; for U8 tensors. */
  void download(byte[] target);

  /**
   * Returns whether no value is NaN or infinite; for floating-point tensors. Waits for the engine.
   */
  boolean isFinite();

  /**
   * Sets every value of a floating-point tensor to a function of its row-major index, which several
   * threads may call at once.
   */
  default void fill(IntToDoubleFunction values) {
    HostBuffers.fill(this, values);
  }

  /**
   * Copies the values of another floating-point tensor of this engine and shape, rounded to nearest
   * even where this one is narrower.
   */
  default void copyFrom(Tensor source) {
    double[] values = new double[shape().arrayLength()];
    source.download(values);
    upload(values);
  }

  /**
   * Copies all values from the rest of a buffer, direct or not, whose position stays: elements of
   * {@link #dtype}, row-major, in the machine's byte order.
   *
   * @throws InvalidInputException unless exactly this tensor's bytes remain in the buffer
   */
  default void upload(ByteBuffer source) {
    HostBuffers.upload(this, source);
  }

  /**
   * As {@link #upload(ByteBuffer)}, but may return before the values are in the tensor: the buffer
   * may be changed at once, and whatever is handed to the engine from now on sees the new values.
   */
  default void uploadAsync(ByteBuffer source) {
    upload(source);
  }

  /**
   * Copies all values into the rest of a buffer, as {@link #upload(ByteBuffer)} reads them.
   *
   * @throws InvalidInputException unless exactly this tensor's bytes remain in the buffer
   */
  default void download(ByteBuffer target) {
    HostBuffers.download(this, target);
  }
}
