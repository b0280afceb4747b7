package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Work;

/** The sum of two slabs by a custom kernel. */
public final class CudaAccumulate implements AccumulatePlan {
  private final CudaArena[] slabs; // into, from
  private final KernelLaunch kernel;

  public CudaAccumulate(CudaDevice device, Arena from, Arena into) {
    slabs =
        new CudaArena[] {CudaArena.of(device.memory(), into), CudaArena.of(device.memory(), from)};
    if (into.bytes() != from.bytes()) {
      throw new IllegalArgumentException(
          "accumulation of " + from.bytes() + " bytes into " + into.bytes());
    }
    long count = OptimizerSlabs.elements(slabs);
    kernel = device.kernels().strided("vgg4j_accumulate", count, 4, 3).set(2, count);
  }

  /** Returns the work of adding a slab of so many floats to another. */
  public static List<Work> work(long elements) {
    long slab = elements * Float.BYTES;
    return List.of(new Work(Work.Phase.UPDATE, "accumulate", 2 * slab, slab, 0));
  }

  @Override
  public List<Work> work() {
    return work(OptimizerSlabs.elements(slabs));
  }

  @Override
  public void run() {
    OptimizerSlabs.set(kernel, slabs);
    kernel.launch();
  }

  @Override
  public void close() {
    kernel.close();
  }
}
