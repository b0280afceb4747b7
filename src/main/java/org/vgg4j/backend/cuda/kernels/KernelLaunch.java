package org.vgg4j.backend.cuda.kernels;

import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.dim3;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.LaunchTimes;
import org.vgg4j.tensor.Closing;

/**
 * One kernel with its grid and its arguments, created once and launched at every step without new
 * objects. Arguments are set by position; CUDA copies them at each launch.
 *
 * <p>Every argument has an 8-byte slot and the kernel reads its first bytes, which is correct
 * because CUDA only runs on little-endian machines.
 */
public final class KernelLaunch implements AutoCloseable {
  private final CudaContext context; // null for a described GPU, like all below but the name
  private final String what;
  private final CUkern_st kernel;
  private final Closing closing = new Closing();
  private final dim3 grid;
  private final dim3 block;
  private final LongPointer values;
  private final PointerPointer<Pointer> arguments;

  KernelLaunch(
      CudaContext context, String name, CUkern_st kernel, int blocks, int threads, int count) {
    this.context = context;
    this.kernel = kernel;
    what = name;
    grid = closing.own(new dim3(blocks, 1, 1));
    block = closing.own(new dim3(threads, 1, 1));
    values = closing.own(new LongPointer((long) count)); // a capacity, not a value
    arguments = closing.own(new PointerPointer<>(count));
    for (int i = 0; i < count; i++) {
      values.put(i, 0);
      arguments.put(i, values.getPointer(i));
    }
  }

  /** A launch on a GPU that is only described: it takes arguments and refuses to run. */
  KernelLaunch(String name) {
    what = name;
    context = null;
    kernel = null;
    grid = null;
    block = null;
    values = null;
    arguments = null;
  }

  private KernelLaunch put(int position, long value) {
    if (values != null) {
      values.put(position, value);
    }
    return this;
  }

  /** Sets a pointer; null is allowed. */
  public KernelLaunch set(int position, Pointer pointer) {
    return put(position, pointer == null ? 0 : pointer.address());
  }

  public KernelLaunch set(int position, int value) {
    return put(position, value);
  }

  public KernelLaunch set(int position, long value) {
    return put(position, value);
  }

  public KernelLaunch set(int position, float value) {
    return put(position, Float.floatToRawIntBits(value) & 0xffffffffL);
  }

  public KernelLaunch set(int position, double value) {
    return put(position, Double.doubleToRawLongBits(value));
  }

  /** Enqueues the kernel on the engine's stream. */
  public void launch() {
    if (context == null) {
      throw new IllegalStateException(what + " cannot run on a described GPU");
    }
    LaunchTimes times = context.times();
    if (times != null) {
      times.begin();
    }
    context.cuda().cudaLaunchKernel(what, kernel, grid, block, arguments, context.stream());
    if (times != null) {
      times.end(what);
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
