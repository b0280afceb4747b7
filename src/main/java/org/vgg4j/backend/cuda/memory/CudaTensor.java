package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;

/** A view of device memory; floating-point values are stored as F32. */
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
  public Layout layout() {
    return layout;
  }

  @Override
  public void upload(float[] source, int start) {
    checkFloats(start, source.length);
    engine.blocking().upload(source, start, shape().arrayLength(), this);
  }

  @Override
  public void uploadAsync(float[] source, int start) {
    checkFloats(start, source.length);
    engine.uploads().upload(source, start, shape().arrayLength(), this);
  }

  private void checkFloats(int start, int length) {
    HostArrays.checkRange(this, start, length);
    HostArrays.checkFloating(this);
    checkStored();
  }

  @Override
  public void upload(double[] source) {
    HostArrays.checkLength(this, source.length);
    HostArrays.checkFloating(this);
    float[] narrow = new float[source.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) source[i];
    }
    upload(narrow, 0);
  }

  @Override
  public void download(float[] target) {
    HostArrays.checkLength(this, target.length);
    HostArrays.checkFloating(this);
    checkStored();
    engine.blocking().download(this, target);
  }

  @Override
  public void download(double[] target) {
    HostArrays.checkLength(this, target.length);
    float[] narrow = new float[target.length];
    download(narrow);
    for (int i = 0; i < narrow.length; i++) {
      target[i] = narrow[i];
    }
  }

  @Override
  public boolean isFinite() {
    HostArrays.checkFloating(this);
    checkStored();
    return engine.finiteCheck().isFinite(this);
  }

  @Override
  public void upload(int[] source, int start) {
    checkIntegers(start, source.length);
    engine.blocking().upload(source, start, shape().arrayLength(), this);
  }

  @Override
  public void uploadAsync(int[] source, int start) {
    checkIntegers(start, source.length);
    engine.uploads().upload(source, start, shape().arrayLength(), this);
  }

  private void checkIntegers(int start, int length) {
    HostArrays.checkRange(this, start, length);
    HostArrays.checkType(this, DType.I32);
  }

  @Override
  public void download(int[] target) {
    check(DType.I32, target.length);
    engine.blocking().download(this, target);
  }

  @Override
  public void upload(long[] source) {
    check(DType.I64, source.length);
    engine.blocking().upload(source, this);
  }

  @Override
  public void download(long[] target) {
    check(DType.I64, target.length);
    engine.blocking().download(this, target);
  }

  @Override
  public void upload(byte[] source, int start) {
    checkBytes(start, source.length);
    engine.blocking().upload(source, start, shape().arrayLength(), this);
  }

  @Override
  public void uploadAsync(byte[] source, int start) {
    checkBytes(start, source.length);
    engine.uploads().upload(source, start, shape().arrayLength(), this);
  }

  @Override
  public void uploadAsync(ByteBuffer source) {
    HostArrays.checkBytes(this, source);
    if (dtype().isFloating()) {
      checkStored();
    }
    engine.uploads().upload(source, this);
  }

  private void checkBytes(int start, int length) {
    HostArrays.checkRange(this, start, length);
    HostArrays.checkType(this, DType.U8);
  }

  @Override
  public void download(byte[] target) {
    check(DType.U8, target.length);
    engine.blocking().download(this, target);
  }

  private void check(DType type, int length) {
    HostArrays.checkLength(this, length);
    HostArrays.checkType(this, type);
  }

  private void checkStored() {
    if (dtype() != DType.F32) {
      throw new InvalidInputException("the GPU engine stores F32, not " + dtype());
    }
  }
}
