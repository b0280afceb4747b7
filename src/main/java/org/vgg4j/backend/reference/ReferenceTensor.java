package org.vgg4j.backend.reference;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
  public void upload(ByteBuffer source) {
    HostArrays.checkBytes(this, source);
    ByteBuffer from = source.slice().order(ByteOrder.nativeOrder());
    for (int i = 0; i < length(); i++) {
      switch (dtype()) {
        case U8 -> integers()[offset + i] = from.get(i) & 0xFF;
        case I32 -> integers()[offset + i] = from.getInt(Integer.BYTES * i);
        case I64 -> integers()[offset + i] = from.getLong(Long.BYTES * i);
        default -> values()[offset + i] = dtype().get(from, i);
      }
    }
  }

  @Override
  public void download(ByteBuffer target) {
    HostArrays.checkBytes(this, target);
    ByteBuffer into = target.slice().order(ByteOrder.nativeOrder());
    for (int i = 0; i < length(); i++) {
      switch (dtype()) {
        case U8 -> into.put(i, (byte) integers()[offset + i]);
        case I32 -> into.putInt(Integer.BYTES * i, (int) integers()[offset + i]);
        case I64 -> into.putLong(Long.BYTES * i, integers()[offset + i]);
        default -> dtype().put(into, i, values()[offset + i]);
      }
    }
  }

  /** Rounds all values to the tensor's type, after an operation has computed them in double. */
  void round() {
    if (dtype() == DType.F64) {
      return;
    }
    double[] values = values();
    for (int i = 0; i < length(); i++) {
      values[offset + i] = dtype().round(values[offset + i]);
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
