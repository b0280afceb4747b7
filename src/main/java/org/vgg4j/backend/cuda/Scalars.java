package org.vgg4j.backend.cuda;

import org.bytedeco.javacpp.FloatPointer;

/**
 * The host floats that cuDNN and cuBLAS scale by: 1 for the result, 0 for what was there before.
 */
final class Scalars implements AutoCloseable {
  private final FloatPointer one = new FloatPointer(1f);
  private final FloatPointer zero = new FloatPointer(0f);

  FloatPointer one() {
    return one;
  }

  FloatPointer zero() {
    return zero;
  }

  @Override
  public void close() {
    one.close();
    zero.close();
  }
}
