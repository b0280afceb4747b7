package org.vgg4j.backend.onednn;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;

/** A view of native memory with its oneDNN memory object. */
final class OneDnnTensor implements Tensor, AutoCloseable {
  /** The bytes that are looked at at once. */
  private static final int CHUNK = 1 << 28;

  private final Dnnl dnnl;
  private final NativeMemory memory;
  private final long offset;
  private final OneDnnLayout layout;
  private final Closing closing = new Closing();
  private memory object;
  private dnnl_memory handle;

  OneDnnTensor(Dnnl dnnl, NativeMemory memory, long offset, OneDnnLayout layout) {
    this.dnnl = dnnl;
    this.memory = memory;
    this.offset = offset;
    this.layout = layout;
  }

  /**
   * Returns an operand, such as {@code convolution b}, in the layout that it was planned for.
   *
   * <p>A tensor of another CPU engine is accepted as well: its memory is in the same process, and
   * its layout means the same. That engine, too, must be open and belong to the calling thread.
   *
   * @throws IllegalArgumentException when it is missing, belongs to another kind of engine or has
   *     another layout
   * @throws IllegalStateException when its memory or its engine is closed
   */
  static OneDnnTensor of(Tensor tensor, OneDnnLayout planned, String operand) {
    if (!(tensor instanceof OneDnnTensor own)) {
      throw new IllegalArgumentException(
          operand + (tensor == null ? " is missing" : " got a tensor of another engine"));
    }
    if (!own.layout.equals(planned)) {
      throw new IllegalArgumentException(
          operand + " was planned for " + planned + " and got " + own.layout);
    }
    own.dnnl.checkThread();
    own.memory.checkOpen();
    return own;
  }

  @Override
  public Layout layout() {
    return layout;
  }

  OneDnnLayout dnnlLayout() {
    return layout;
  }

  /** Returns a view of part of this tensor; this tensor owns it. */
  OneDnnTensor part(long offsetBytes, OneDnnLayout partLayout) {
    return closing.own(new OneDnnTensor(dnnl, memory, offset + offsetBytes, partLayout));
  }

  /** Returns a view of the same memory in another layout, which the caller closes. */
  OneDnnTensor in(OneDnnLayout other) {
    return new OneDnnTensor(dnnl, memory, offset, other);
  }

  /** Returns the handle to pass as a primitive's argument. */
  dnnl_memory handle() {
    if (handle == null) {
      object =
          closing.own(
              new memory(layout.desc(), dnnl.engine(), new NativeMemory.Address(address())));
      handle = closing.own(object.get());
    }
    return handle;
  }

  long address() {
    return memory.address(offset);
  }

  FloatPointer floats() {
    return new FloatPointer(new NativeMemory.Address(address()));
  }

  @Override
  public void upload(ByteBuffer source) {
    HostArrays.checkBytes(this, source);
    dnnl.checkThread();
    if (layout.isPlain()) {
      bytes().put(source.duplicate());
    } else if (source.isDirect()) {
      reorder(source, layout.plain(dtype()));
    } else {
      ByteBuffer rest = source.duplicate();
      RowMajorSlices.write(dnnl, this, (copy, begin) -> copy.bytes().put(next(rest, copy)));
    }
  }

  @Override
  public void uploadFloats(ByteBuffer source) {
    if (dtype() == DType.F32 || !source.isDirect()) {
      Tensor.super.uploadFloats(source);
      return;
    }
    HostArrays.checkFloats(this, source);
    dnnl.checkThread();
    reorder(source, layout.plain(DType.F32));
  }

  /** Copies values where they are, which may be a mapped file. */
  private void reorder(ByteBuffer direct, OneDnnLayout from) {
    try (OneDnnTensor source = new OneDnnTensor(dnnl, NativeMemory.of(direct), 0, from)) {
      LayoutCopy.run(dnnl, source, this);
    } finally {
      Reference.reachabilityFence(direct);
    }
  }

  @Override
  public void download(ByteBuffer target) {
    HostArrays.checkBytes(this, target);
    dnnl.checkThread();
    if (layout.isPlain()) {
      target.duplicate().put(bytes());
      return;
    }
    ByteBuffer rest = target.duplicate();
    RowMajorSlices.read(dnnl, this, (copy, begin) -> next(rest, copy).put(copy.bytes()));
  }

  /** Returns as much of a buffer as a tensor has, and moves on behind it. */
  private static ByteBuffer next(ByteBuffer rest, OneDnnTensor tensor) {
    int bytes = HostArrays.bytes(tensor);
    ByteBuffer next = rest.slice(rest.position(), bytes);
    rest.position(rest.position() + bytes);
    return next;
  }

  /** Returns the values of a row-major tensor, in place. */
  private ByteBuffer bytes() {
    int count = Math.multiplyExact(shape().arrayLength(), dtype().bytes());
    BytePointer start = new BytePointer(new NativeMemory.Address(address()));
    return start.capacity(count).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** Copies the values of a row-major F32 or BF16 tensor, without a check. */
  void read(float[] target) {
    if (dtype() == DType.F32) {
      floats().get(target);
      return;
    }
    ByteBuffer values = bytes();
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) dtype().get(values, i);
    }
  }

  /** Overwrites the values of a row-major F32 or BF16 tensor, without a check. */
  void write(float[] source) {
    if (dtype() == DType.F32) {
      floats().put(source);
      return;
    }
    ByteBuffer values = bytes();
    for (int i = 0; i < source.length; i++) {
      dtype().put(values, i, source[i]);
    }
  }

  /** Writes in place, so that a large tensor takes no array of its size. */
  @Override
  public void fill(IntToDoubleFunction values) {
    HostArrays.checkFloating(this);
    dnnl.checkThread();
    if (layout.isPlain()) {
      HostArrays.put(this, bytes(), values);
      return;
    }
    RowMajorSlices.write(
        dnnl, this, (copy, begin) -> copy.fill(i -> values.applyAsDouble(begin + i)));
  }

  /**
   * Looks at the values where they are, in any order: what fills up a block of channels is zero.
   */
  @Override
  public boolean isFinite() {
    HostArrays.checkFloating(this);
    dnnl.checkThread();
    for (long at = 0; at < layout.bytes(); at += CHUNK) {
      int count = (int) Math.min(CHUNK, layout.bytes() - at);
      BytePointer start = new BytePointer(new NativeMemory.Address(address() + at));
      ByteBuffer part = start.capacity(count).asByteBuffer().order(ByteOrder.nativeOrder());
      if (!HostArrays.isFinite(dtype(), part)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    closing.close();
  }
}
