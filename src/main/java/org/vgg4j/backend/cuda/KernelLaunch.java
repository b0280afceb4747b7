package org.vgg4j.backend.cuda;

import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.dim3;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.vgg4j.tensor.Closing;

/**
 * One kernel with its grid and a place for its arguments, made once and launched every step without
 * a new object. Arguments are set by position; CUDA copies them at each launch.
 *
 * <p>Every argument has a slot of 8 bytes whose beginning the kernel reads, as the little-endian
 * machines that CUDA runs on have it.
 */
final class KernelLaunch implements AutoCloseable {
  private static final int THREADS = 256;

  /** Blocks for each multiprocessor; the kernels' loops stride over the rest. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  private final CudaDevice device;
  private final String what;
  private final CUkern_st kernel;
  private final Closing closing = new Closing();
  private final dim3 grid;
  private final dim3 block;
  private final LongPointer values;
  private final PointerPointer<Pointer> arguments;

  private KernelLaunch(
      CudaDevice device, String name, CUkern_st kernel, int blocks, int threads, int count) {
    this.device = device;
    this.kernel = kernel;
    what = name;
    grid = closing.own(new dim3(blocks, 1, 1));
    block = closing.own(new dim3(threads, 1, 1));
    values = closing.own(new LongPointer((long) count)); // as many, not one of that value
    arguments = closing.own(new PointerPointer<>(count));
    for (int i = 0; i < count; i++) {
      values.put(i, 0);
      arguments.put(i, values.getPointer(i));
    }
  }

  /**
   * A kernel of {@code arguments} arguments whose loop strides over {@code elements} things.
   *
   * @param elementsPerThread how many things a thread does at once
   */
  static KernelLaunch strided(
      CudaDevice device, String name, long elements, int elementsPerThread, int arguments) {
    long perBlock = (long) THREADS * elementsPerThread;
    long blocks = Math.max(1, (elements + perBlock - 1) / perBlock);
    long most = (long) BLOCKS_PER_MULTIPROCESSOR * device.info().multiprocessors();
    return grid(device, name, (int) Math.min(blocks, most), THREADS, arguments);
  }

  /** One block of a kernel that the device does not know yet, all arguments 0. */
  static KernelLaunch of(CudaDevice device, String name, CUkern_st kernel, int arguments) {
    return new KernelLaunch(device, name, kernel, 1, THREADS, arguments);
  }

  /** A kernel with a grid of its own. */
  static KernelLaunch grid(CudaDevice device, String name, int blocks, int threads, int arguments) {
    return new KernelLaunch(
        device, name, device.kernels().kernel(name), blocks, threads, arguments);
  }

  /** Sets a pointer; null is allowed. */
  KernelLaunch set(int position, Pointer pointer) {
    values.put(position, pointer == null ? 0 : pointer.address());
    return this;
  }

  KernelLaunch set(int position, int value) {
    values.put(position, value);
    return this;
  }

  KernelLaunch set(int position, long value) {
    values.put(position, value);
    return this;
  }

  KernelLaunch set(int position, float value) {
    values.put(position, Float.floatToRawIntBits(value) & 0xffffffffL);
    return this;
  }

  KernelLaunch set(int position, double value) {
    values.put(position, Double.doubleToRawLongBits(value));
    return this;
  }

  void launch() {
    device.cuda().cudaLaunchKernel(what, kernel, grid, block, arguments, device.stream());
  }

  @Override
  public void close() {
    closing.close();
  }
}
