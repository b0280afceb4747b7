package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ClipPlan;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Work;

/**
 * The limit of the gradients' norm by custom kernels: sums of squares, the factor from them, and a
 * sweep that reads nothing where the factor is 1. The bits depend on the number of gradients alone.
 */
public final class CudaClip implements ClipPlan {
  private static final int THREADS = 256;
  private static final int MOST_PARTS = 1024;
  private static final int ELEMENTS_A_THREAD = 16;

  private final CudaArena gradients;
  private final long elements;
  private final int parts;
  private final Closing closing = new Closing();
  private final DeviceMemory results; // the factor, then a sum a part
  private final KernelLaunch squares;
  private final KernelLaunch factor;
  private final KernelLaunch scale;

  public CudaClip(CudaDevice device, double most, Arena slab) {
    gradients = CudaArena.of(device.memory(), slab);
    elements = OptimizerSlabs.elements(gradients);
    long each = (long) THREADS * ELEMENTS_A_THREAD;
    parts = (int) Math.min(MOST_PARTS, (elements + each - 1) / each);
    try {
      results =
          closing.own(
              new DeviceMemory(
                  device.context(),
                  Arena.ALIGNMENT + (long) parts * Double.BYTES,
                  MemoryOwner.SCRATCH));
      Pointer sums = results.at(Arena.ALIGNMENT);
      squares =
          closing
              .own(device.kernels().grid("vgg4j_clip_squares", parts, THREADS, 3))
              .set(1, elements)
              .set(2, sums);
      factor =
          closing
              .own(device.kernels().grid("vgg4j_clip_factor", 1, THREADS, 4))
              .set(0, sums)
              .set(1, parts)
              .set(2, most)
              .set(3, results.pointer());
      scale =
          closing
              .own(device.kernels().strided("vgg4j_clip", elements, 4, 3))
              .set(1, elements)
              .set(2, results.pointer());
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  @Override
  public List<Work> work() {
    long slab = elements * Float.BYTES;
    long partial = (long) parts * Double.BYTES;
    return List.of(
        new Work(Work.Phase.UPDATE, "clip squares", slab, partial, 0),
        new Work(Work.Phase.UPDATE, "clip factor", partial, 0, 0),
        new Work(Work.Phase.UPDATE, "clip", slab, slab, 0));
  }

  @Override
  public void run() {
    squares.set(0, gradients.memory().pointer()).launch();
    factor.launch();
    scale.set(0, gradients.memory().pointer()).launch();
  }

  @Override
  public void close() {
    closing.close();
  }
}
