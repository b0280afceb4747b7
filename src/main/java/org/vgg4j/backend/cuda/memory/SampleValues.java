package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.util.Random;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;

/** Random values to time work on: of zeros a GPU needs less power, and runs faster than it will. */
public final class SampleValues {
  /** So much is random; the rest repeats it, since making it on the host takes time. */
  private static final int PATTERN_BYTES = 1 << 16;

  private SampleValues() {}

  /**
   * Fills memory with values of a normal distribution, a tenth of it wide: products and sums stay
   * small. Waits for the GPU.
   */
  public static void fill(CudaContext context, DeviceMemory memory, DType type, long seed) {
    try (PinnedMemory pattern = new PinnedMemory(context, PATTERN_BYTES, MemoryOwner.TIMING)) {
      random(pattern.bytes(), type, seed);
      copy(context, memory, pattern.pointer());
      context.synchronize(); // before the pattern is freed
    }
  }

  private static void random(ByteBuffer pattern, DType type, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < pattern.capacity() / type.bytes(); i++) {
      type.put(pattern, i, 0.1 * random.nextGaussian());
    }
  }

  /** Repeats the pattern over the memory: each copy doubles what is there. */
  private static void copy(CudaContext context, DeviceMemory to, Pointer pattern) {
    long done = Math.min(to.bytes(), PATTERN_BYTES);
    copy(context, to.pointer(), pattern, done, cudart.cudaMemcpyHostToDevice);
    while (done < to.bytes()) {
      long more = Math.min(done, to.bytes() - done);
      copy(context, to.at(done), to.pointer(), more, cudart.cudaMemcpyDeviceToDevice);
      done += more;
    }
  }

  private static void copy(CudaContext context, Pointer to, Pointer from, long bytes, int kind) {
    context.cuda().cudaMemcpyAsync(to, from, bytes, kind, context.stream());
  }
}
