package org.vgg4j.backend.onednn;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * Floats in native memory, copied to the heap and back. Copies through a buffer are compiled in
 * place, where each through a JavaCPP pointer is a call of native code, which takes as long as a
 * copy of some kB. A buffer is limited in length, so it moves along with what is copied.
 */
final class FloatWindow {
  private static final int MOST = 1 << 28; // floats in a buffer

  private final long address;
  private final long length;
  private long begin;
  private FloatBuffer window = FloatBuffer.allocate(0);

  /** Looks at {@code length} floats at an address. */
  FloatWindow(long address, long length) {
    this.address = address;
    this.length = length;
  }

  /** Copies floats from an index on to a place in an array. */
  void get(long index, float[] into, int offset, int count) {
    int at = moved(index, count);
    window.get(at, into, offset, count);
  }

  /** Copies floats from a place in an array to an index. */
  void put(long index, float[] from, int offset, int count) {
    int at = moved(index, count);
    window.put(at, from, offset, count);
  }

  /** Returns where an index lies in the window, which is moved for it if need be. */
  private int moved(long index, int count) {
    long within = index - begin;
    if (within < 0 || within + count > window.capacity()) {
      begin = index;
      within = 0;
      window =
          new BytePointer(new NativeMemory.Address(address + index * Float.BYTES))
              .capacity(Math.min(MOST, length - index) * Float.BYTES)
              .asByteBuffer()
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
    }
    return (int) within;
  }
}
