package org.vgg4j.backend.cuda.calls;

import org.bytedeco.javacpp.FloatPointer;

/** The host floats that cublasLt scales by: 1 for the result, 0 for the old value. */
public final class Scalars implements AutoCloseable {
  private final FloatPointer one = new FloatPointer(1f);
  private final FloatPointer zero = new FloatPointer(0f);

  public FloatPointer one() {
    return one;
  }

  public FloatPointer zero() {
    return zero;
  }

  @Override
  public void close() {
    one.close();
    zero.close();
  }
}
