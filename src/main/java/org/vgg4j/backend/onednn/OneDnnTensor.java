package org.vgg4j.backend.onednn;

import java.nio.ByteBuffer;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;

/** A view of native memory with its oneDNN memory object. */
final class OneDnnTensor implements Tensor, AutoCloseable {
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
  public void upload(float[] source, int start) {
    HostArrays.checkRange(this, start, source.length);
    HostArrays.checkFloating(this);
    dnnl.checkThread();
    int count = shape().arrayLength();
    if (dtype() == DType.F64) {
      double[] wide = new double[count];
      for (int i = 0; i < count; i++) {
        wide[i] = source[start + i];
      }
      upload(wide);
    } else if (dtype() == DType.F32 && layout.isPlain()) {
      floats().put(source, start, count);
    } else {
      try (RowMajorCopy copy = new RowMajorCopy(dnnl, layout)) {
        copy.tensor().floats().put(source, start, count);
        copy.copyTo(this);
      }
    }
  }

  @Override
  public void upload(double[] source) {
    HostArrays.checkLength(this, source.length);
    HostArrays.checkFloating(this);
    dnnl.checkThread();
    if (dtype() == DType.F64) {
      new DoublePointer(new NativeMemory.Address(address())).put(source);
      return;
    }
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
    dnnl.checkThread();
    if (dtype() == DType.F64) {
      double[] wide = new double[target.length];
      download(wide);
      for (int i = 0; i < wide.length; i++) {
        target[i] = (float) wide[i];
      }
    } else if (dtype() == DType.F32 && layout.isPlain()) {
      floats().get(target);
    } else {
      try (RowMajorCopy copy = new RowMajorCopy(dnnl, layout)) {
        copy.copyFrom(this);
        copy.tensor().floats().get(target);
      }
    }
  }

  @Override
  public void download(double[] target) {
    HostArrays.checkLength(this, target.length);
    HostArrays.checkFloating(this);
    dnnl.checkThread();
    if (dtype() == DType.F64) {
      new DoublePointer(new NativeMemory.Address(address())).get(target);
      return;
    }
    float[] narrow = new float[target.length];
    download(narrow);
    for (int i = 0; i < narrow.length; i++) {
      target[i] = narrow[i];
    }
  }

  @Override
  public void upload(int[] source, int start) {
    HostArrays.checkRange(this, start, source.length);
    HostArrays.checkType(this, DType.I32);
    dnnl.checkThread();
    ints().put(source, start, shape().arrayLength());
  }

  @Override
  public void download(int[] target) {
    HostArrays.checkLength(this, target.length);
    HostArrays.checkType(this, DType.I32);
    dnnl.checkThread();
    ints().get(target);
  }

  @Override
  public void upload(long[] source) {
    HostArrays.checkLength(this, source.length);
    HostArrays.checkType(this, DType.I64);
    dnnl.checkThread();
    new LongPointer(new NativeMemory.Address(address())).put(source);
  }

  @Override
  public void download(long[] target) {
    HostArrays.checkLength(this, target.length);
    HostArrays.checkType(this, DType.I64);
    dnnl.checkThread();
    new LongPointer(new NativeMemory.Address(address())).get(target);
  }

  @Override
  public void upload(byte[] source, int offset) {
    HostArrays.checkRange(this, offset, source.length);
    HostArrays.checkType(this, DType.U8);
    dnnl.checkThread();
    BytePointer target = new BytePointer(new NativeMemory.Address(address()));
    target.put(source, offset, shape().arrayLength());
  }

  @Override
  public void download(byte[] target) {
    HostArrays.checkLength(this, target.length);
    HostArrays.checkType(this, DType.U8);
    dnnl.checkThread();
    new BytePointer(new NativeMemory.Address(address())).get(target);
  }

  @Override
  public boolean isFinite() {
    HostArrays.checkFloating(this);
    float[] values = new float[shape().arrayLength()];
    download(values);
    return HostArrays.isFinite(values);
  }

  /** Copies the bytes as they are where the order is the same, from a direct or a heap buffer. */
  @Override
  public void upload(ByteBuffer source) {
    HostArrays.checkBytes(this, source);
    dnnl.checkThread();
    if (layout.isPlain()) {
      BytePointer target = new BytePointer(new NativeMemory.Address(address()));
      target.capacity(source.remaining()).asByteBuffer().put(source.duplicate());
    } else {
      try (RowMajorCopy copy = new RowMajorCopy(dnnl, layout)) {
        copy.tensor().upload(source);
        copy.copyTo(this);
      }
    }
  }

  private IntPointer ints() {
    return new IntPointer(new NativeMemory.Address(address()));
  }

  @Override
  public void close() {
    closing.close();
  }
}
