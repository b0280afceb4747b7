package org.vgg4j.backend.reference;

import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.Tensor;

/** A row-major run of cells in a {@link ReferenceArena}. */
final class ReferenceTensor implements Tensor {
  private final ReferenceArena arena;
  private final ReferenceLayout layout;
  private final int offset; // in cells

  ReferenceTensor(ReferenceArena arena, ReferenceLayout layout, int offset) {
    this.arena = arena;
    this.layout = layout;
    this.offset = offset;
  }

  @Override
  public ReferenceLayout layout() {
    return layout;
  }

  /** Returns the arena's floating-point cells; this tensor's start at {@link #offset()}. */
  double[] values() {
    return arena.values();
  }

  /** Returns the arena's integer cells; this tensor's start at {@link #offset()}. */
  long[] integers() {
    return arena.integers();
  }

  int offset() {
    return offset;
  }

  private int length() {
    return layout.shape().arrayLength();
  }

  @Override
  public void upload(float[] source, int start) {
    HostArrays.checkFloating(this);
    HostArrays.checkRange(this, start, source.length);
    double[] values = values();
    for (int i = 0; i < length(); i++) {
      values[offset + i] = round(source[start + i]);
    }
  }

  @Override
  public void upload(double[] source) {
    HostArrays.checkFloating(this);
    HostArrays.checkLength(this, source.length);
    double[] values = values();
    for (int i = 0; i < length(); i++) {
      values[offset + i] = round(source[i]);
    }
  }

  @Override
  public void download(float[] target) {
    HostArrays.checkFloating(this);
    HostArrays.checkLength(this, target.length);
    double[] values = values();
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) values[offset + i];
    }
  }

  @Override
  public void download(double[] target) {
    HostArrays.checkFloating(this);
    HostArrays.checkLength(this, target.length);
    System.arraycopy(values(), offset, target, 0, target.length);
  }

  @Override
  public void upload(int[] source, int start) {
    HostArrays.checkType(this, DType.I32);
    HostArrays.checkRange(this, start, source.length);
    long[] integers = integers();
    for (int i = 0; i < length(); i++) {
      integers[offset + i] = source[start + i];
    }
  }

  @Override
  public void download(int[] target) {
    HostArrays.checkType(this, DType.I32);
    HostArrays.checkLength(this, target.length);
    long[] integers = integers();
    for (int i = 0; i < target.length; i++) {
      target[i] = (int) integers[offset + i];
    }
  }

  @Override
  public void upload(long[] source) {
    HostArrays.checkType(this, DType.I64);
    HostArrays.checkLength(this, source.length);
    System.arraycopy(source, 0, integers(), offset, source.length);
  }

  @Override
  public void download(long[] target) {
    HostArrays.checkType(this, DType.I64);
    HostArrays.checkLength(this, target.length);
    System.arraycopy(integers(), offset, target, 0, target.length);
  }

  @Override
  public void upload(byte[] source, int start) {
    HostArrays.checkType(this, DType.U8);
    HostArrays.checkRange(this, start, source.length);
    long[] integers = integers();
    int count = shape().arrayLength();
    for (int i = 0; i < count; i++) {
      integers[offset + i] = source[start + i] & 0xFF;
    }
  }

  @Override
  public void download(byte[] target) {
    HostArrays.checkType(this, DType.U8);
    HostArrays.checkLength(this, target.length);
    long[] integers = integers();
    for (int i = 0; i < target.length; i++) {
      target[i] = (byte) integers[offset + i];
    }
  }

  private double round(double value) {
    return layout.dtype().round(value);
  }

  /** Rounds all values to the tensor's type, after an operation has computed them in double. */
  void round() {
    if (dtype() == DType.F64) {
      return;
    }
    double[] values = values();
    for (int i = 0; i < length(); i++) {
      values[offset + i] = round(values[offset + i]);
    }
  }

  @Override
  public boolean isFinite() {
    HostArrays.checkFloating(this);
    double sum = 0; // a finite value times zero is zero, anything else makes the sum NaN
    for (int i = 0; i < length(); i++) {
      sum += values()[offset + i] * 0;
    }
    return sum == 0;
  }
}
