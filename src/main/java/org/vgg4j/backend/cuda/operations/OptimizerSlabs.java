package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;

/** The slabs that an optimizer sweeps over side by side: parameters, gradients, moments. */
final class OptimizerSlabs {
  private OptimizerSlabs() {}

  /** Returns how many floats each has. */
  static long elements(CudaArena... slabs) {
    long bytes = slabs[0].bytes();
    for (CudaArena slab : slabs) {
      if (slab.bytes() != bytes || bytes % Float.BYTES != 0) {
        throw new IllegalArgumentException(
            "slabs of " + slab.bytes() + " and " + bytes + " bytes in one optimizer");
      }
    }
    return bytes / Float.BYTES;
  }

  /** Sets the first arguments of a kernel to the slabs. */
  static void set(KernelLaunch kernel, CudaArena... slabs) {
    for (int i = 0; i < slabs.length; i++) {
      kernel.set(i, slabs[i].memory().pointer());
    }
  }
}
