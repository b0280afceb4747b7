package org.vgg4j.backend.cuda;

import org.vgg4j.tensor.AccumulatePlan;

/** The sum of two slabs by an own kernel. */
final class CudaAccumulate implements AccumulatePlan {
  private final CudaArena[] slabs; // into, from
  private final KernelLaunch kernel;

  CudaAccumulate(CudaDevice device, CudaArena from, CudaArena into) {
    slabs = new CudaArena[] {into, from};
    long count = Slabs.elements(slabs);
    kernel = KernelLaunch.strided(device, "vgg4j_accumulate", count, 4, 3).set(2, count);
  }

  @Override
  public void run() {
    Slabs.set(kernel, slabs);
    kernel.launch();
  }

  @Override
  public void close() {
    kernel.close();
  }
}
