package org.vgg4j.tensor;

/** The memory of an {@link Arena}, for a library that works on it in place. */
public sealed interface Elements {
  /**
   * Doubles on the Java heap, one for each element of whatever floating-point type.
   *
   * @param values the elements themselves, not a copy
   */
  @SuppressWarnings("ArrayRecordComponent") // shared memory, never compared
  record Heap(double[] values) implements Elements {}

  /**
   * Memory of this process outside the heap.
   *
   * @param address of the first byte
   * @param bytes how many there are
   */
  record Host(long address, long bytes) implements Elements {}

  /**
   * Memory of a GPU.
   *
   * @param address of the first byte, in the device's address space
   * @param bytes how many there are
   */
  record Device(long address, long bytes) implements Elements {}
}
