package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.AccumulatePlan;

/** The sum of two slabs by a custom kernel. */
public final class CudaAccumulate implements AccumulatePlan {
  private final CudaArena[] slabs; // into, from
  private final KernelLaunch kernel;

  public CudaAccumulate(CudaDevice device, CudaArena from, CudaArena into) {
    slabs = new CudaArena[] {into, from};
    long count = OptimizerSlabs.elements(slabs);
    kernel = device.kernels().strided("vgg4j_accumulate", count, 4, 3).set(2, count);
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
