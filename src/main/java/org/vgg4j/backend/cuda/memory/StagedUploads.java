package org.vgg4j.backend.cuda.memory;

import java.util.Objects;
import java.util.stream.Stream;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;

/**
 * Uploads beside the step to a tensor whose order or type is not that of the buffer: the rows
 * travel as they are, and kernels bring them into the tensor. The memory for that is taken at the
 * first upload.
 */
final class StagedUploads implements AutoCloseable {
  private final CudaMemory engine;
  private DeviceMemory rows; // as the host has them, null before the first upload
  private DeviceMemory rounded; // rows of the tensor's type, null while no upload was rounded

  StagedUploads(CudaMemory engine) {
    this.engine = engine;
  }

  /**
   * Enqueues an upload of values of a type, row-major, that is the tensor's or is rounded to it.
   */
  void upload(PinnedBuffer source, DType type, CudaTensor target) {
    long count = target.shape().elementCount();
    long bytes = count * type.bytes();
    rows = atLeast(rows, bytes);
    engine.uploads().upload(source, bytes, rows, rows.pointer());
    if (type == target.dtype()) {
      engine.conversion().scatter(rows.pointer(), target);
    } else {
      rounded = atLeast(rounded, count * target.dtype().bytes());
      engine.casts().round(rows.pointer(), rounded.pointer(), count);
      engine.conversion().scatter(rounded.pointer(), target);
    }
    rows.lastRead();
  }

  private DeviceMemory atLeast(DeviceMemory memory, long bytes) {
    return DeviceMemory.atLeast(engine.context(), memory, bytes, MemoryOwner.STAGING);
  }

  @Override
  public void close() {
    Closing both = new Closing();
    Stream.of(rows, rounded).filter(Objects::nonNull).forEach(both::own);
    rows = null;
    rounded = null;
    both.close();
  }
}
