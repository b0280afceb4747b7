package org.vgg4j.backend.cuda.memory;

import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;

/**
 * Copies between tensors on the GPU, of any order and type that its kernels know. A change of order
 * goes over rows in row-major order; the memory for that is taken when it is first needed.
 */
final class DeviceCopies implements AutoCloseable {
  /** Wider elements are not reordered on the GPU. */
  private static final int WIDEST = 4;

  private final CudaMemory engine;
  private DeviceMemory gathered; // rows of the source's type, null before they are needed
  private DeviceMemory cast; // rows of the target's type, likewise

  DeviceCopies(CudaMemory engine) {
    this.engine = engine;
  }

  /** Enqueues a copy, and returns false when the GPU does not make it. */
  boolean copy(CudaTensor source, CudaTensor target) {
    CudaLayout from = source.layout();
    CudaLayout to = target.layout();
    boolean isSameOrder = from.as(to.dtype()).equals(to) || (from.isRowMajor() && to.isRowMajor());
    if (!from.shape().equals(to.shape())) {
      return false;
    }
    if (from.deferred() || to.deferred()) { // scale and shift lie elsewhere in another type
      return from.equals(to) && engine.casts().copy(source, target);
    }
    if (isSameOrder) {
      return engine.casts().copy(source, target);
    }
    if (from.dtype().bytes() > WIDEST
        || to.dtype().bytes() > WIDEST
        || !Casts.knows(from.dtype(), to.dtype())) {
      return false;
    }
    reorder(source, target);
    return true;
  }

  private void reorder(CudaTensor source, CudaTensor target) {
    CudaLayout from = source.layout();
    CudaLayout to = target.layout();
    boolean isSameType = from.dtype() == to.dtype();
    if (to.isRowMajor() && isSameType) {
      engine.conversion().gather(source, target.pointer());
      return;
    }
    long count = from.shape().elementCount();
    Pointer rows = source.pointer();
    if (!from.isRowMajor()) {
      gathered =
          DeviceMemory.atLeast(
              engine.context(), gathered, count * from.dtype().bytes(), MemoryOwner.STAGING);
      rows = gathered.pointer();
      engine.conversion().gather(source, rows);
    }
    if (!isSameType) {
      cast =
          DeviceMemory.atLeast(
              engine.context(), cast, count * to.dtype().bytes(), MemoryOwner.STAGING);
      engine.casts().cast(rows, from.dtype(), cast.pointer(), to.dtype(), count);
      rows = cast.pointer();
    }
    engine.conversion().scatter(rows, target);
  }

  @Override
  public void close() {
    Closing both = new Closing();
    Stream.of(gathered, cast).filter(Objects::nonNull).forEach(both::own);
    gathered = null;
    cast = null;
    both.close();
  }
}
