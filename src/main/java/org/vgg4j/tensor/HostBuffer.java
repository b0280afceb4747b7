package org.vgg4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Host memory that an engine uploads from without another copy in between. One thread writes it,
 * and another may upload it, when they hand it over safely.
 */
public interface HostBuffer extends AutoCloseable {
  /** Returns the bytes, in the machine's byte order. */
  ByteBuffer bytes();

  /** Waits until every upload from the buffer is done, so that it may be written. */
  default void await() {}

  @Override
  default void close() {}

  /** Returns direct memory for engines without one of their own. */
  static HostBuffer direct(int bytes) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    return () -> buffer;
  }
}
