package org.vgg4j.tensor;

import java.nio.ByteBuffer;

/**
 * One allocation of an engine, zeroed at birth, from which tensors are carved. Closing it ends them
 * all.
 */
public interface Arena extends AutoCloseable {
  /** Every tensor of an arena should start at a multiple of this many bytes. */
  int ALIGNMENT = 256;

  /** Returns {@code bytes} rounded up to {@link #ALIGNMENT}. */
  static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Returns the size in bytes. */
  long bytes();

  /**
   * Returns a view at {@code offsetBytes}, a multiple of {@link #ALIGNMENT}.
   *
   * @throws IllegalArgumentException when the view leaves the arena or is misaligned
   * @throws IllegalStateException when the arena is closed
   */
  Tensor tensor(long offsetBytes, Layout layout);

  /**
   * Returns the memory itself, for a library that works on it in place.
   *
   * @throws IllegalStateException when the arena is closed
   */
  Elements elements();

  /**
   * Returns a view of a part of the memory, where it is memory of this process outside the heap.
   *
   * @param offsetBytes where it begins
   * @param length how many bytes, in the machine's order
   * @throws UnsupportedOperationException when it is other memory
   * @throws IllegalStateException when the arena is closed
   */
  default ByteBuffer view(long offsetBytes, int length) {
    throw new UnsupportedOperationException("this memory has no view as a buffer");
  }

  /** Sets every byte to zero. */
  void zero();

  @Override
  void close();
}
