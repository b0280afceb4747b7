package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.Tensor;

/** A view of device memory. */
public final class CudaTensor implements Tensor {
  private final CudaMemory engine;
  private final DeviceMemory memory;
  private final long offset;
  private final CudaLayout layout;
  private final Pointer pointer;

  CudaTensor(CudaMemory engine, DeviceMemory memory, long offset, CudaLayout layout) {
    this.engine = engine;
    this.memory = memory;
    this.offset = offset;
    this.layout = layout;
    pointer = memory.at(offset);
  }

  /** Returns a tensor at the beginning of a memory. */
  public static CudaTensor over(CudaMemory engine, DeviceMemory memory, CudaLayout layout) {
    return new CudaTensor(engine, memory, 0, layout);
  }

  /** Casts a tensor to this engine's type. */
  public static CudaTensor of(CudaMemory engine, Tensor tensor) {
    if (tensor instanceof CudaTensor own && own.engine == engine) {
      return own;
    }
    throw new IllegalArgumentException("a tensor of another engine was given to the GPU engine");
  }

  /**
   * Checks a tensor as the operand of an operation.
   *
   * @param planned the layout that the operation was planned for
   * @param role the operand's name, such as gamma
   * @throws IllegalArgumentException when it is null, belongs to another engine (even another GPU
   *     engine) or has another layout
   */
  public static CudaTensor of(
      CudaMemory engine, Tensor tensor, CudaLayout planned, String operation, String role) {
    String problem =
        tensor == null
            ? "is missing"
            : !(tensor instanceof CudaTensor own) || own.engine != engine
                ? "got a tensor of another engine"
                : !own.layout.equals(planned)
                    ? "was planned for " + planned + " and got " + own.layout
                    : null;
    if (problem != null) {
      throw new IllegalArgumentException(operation + " " + role + " " + problem);
    }
    return (CudaTensor) tensor;
  }

  /**
   * Returns the address of the first value.
   *
   * @throws IllegalStateException when the memory was closed
   */
  public Pointer pointer() {
    memory.checkOpen();
    return pointer;
  }

  /** Returns a new pointer to a place in the tensor. */
  public Pointer at(long offsetBytes) {
    return memory.at(offset + offsetBytes);
  }

  @Override
  public CudaLayout layout() {
    return layout;
  }

  @Override
  public void upload(ByteBuffer source) {
    HostArrays.checkBytes(this, source);
    if (layout.isRowMajor()) {
      engine.blocking().upload(source, pointer());
    } else {
      engine.conversion().upload(source, this);
    }
  }

  @Override
  public void download(ByteBuffer target) {
    HostArrays.checkBytes(this, target);
    if (layout.isRowMajor()) {
      engine.blocking().download(pointer(), target);
    } else {
      engine.conversion().download(this, target);
    }
  }

  @Override
  public void uploadAsync(HostBuffer source) {
    int bytes = Math.multiplyExact(shape().arrayLength(), dtype().bytes());
    if (!(source instanceof PinnedBuffer pinned) || source.bytes().capacity() < bytes) {
      upload(source.bytes().slice(0, bytes));
    } else if (layout.isRowMajor()) {
      engine.uploads().upload(pinned, bytes, this);
    } else {
      engine.staged().upload(pinned, dtype(), this);
    }
  }

  @Override
  public void uploadAsync(HostBuffer source, int bytes) {
    if (dtype() == DType.U8
        && layout.isRowMajor()
        && source instanceof PinnedBuffer pinned
        && bytes <= Math.min(shape().elementCount(), source.bytes().capacity())) {
      engine.uploads().upload(pinned, bytes, this);
    } else {
      uploadAsync(source);
    }
  }

  @Override
  public void uploadFloatsAsync(HostBuffer source) {
    int bytes = Math.multiplyExact(shape().arrayLength(), Float.BYTES);
    if (dtype() == DType.BF16
        && source instanceof PinnedBuffer pinned
        && source.bytes().capacity() >= bytes) {
      engine.staged().upload(pinned, DType.F32, this);
    } else {
      Tensor.super.uploadFloatsAsync(source);
    }
  }

  /** Says that what was enqueued so far is the last to read the values that were uploaded. */
  public void lastRead() {
    memory.lastRead();
  }

  DeviceMemory memory() {
    return memory;
  }

  @Override
  public boolean isFinite() {
    HostArrays.checkFloating(this);
    if (layout.deferred()) { // what is stored are not the values
      ByteBuffer values =
          ByteBuffer.allocate(HostArrays.bytes(this)).order(ByteOrder.nativeOrder());
      download(values);
      return HostArrays.isFinite(dtype(), values);
    }
    return engine.finiteCheck().isFinite(this);
  }

  /** Copies on the GPU, unless it does not know the types. */
  @Override
  public void copyFrom(Tensor source) {
    if (!(source instanceof CudaTensor other)
        || other.engine != engine
        || !engine.copies().copy(other, this)) {
      Tensor.super.copyFrom(source);
    }
  }
}
