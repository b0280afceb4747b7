package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.Work;

/** The slabs that an optimizer sweeps over together: parameters, gradients, moments. */
public final class OptimizerSlabs {
  private OptimizerSlabs() {}

  /** Returns the slabs of an optimizer: parameters, gradients, then its moments. */
  public static CudaArena[] of(CudaMemory memory, ParameterSlabs slabs, Arena... own) {
    CudaArena[] all = new CudaArena[2 + own.length];
    all[0] = CudaArena.of(memory, slabs.masters());
    all[1] = CudaArena.of(memory, slabs.gradients());
    for (int i = 0; i < own.length; i++) {
      all[2 + i] = CudaArena.of(memory, own[i]);
    }
    return all;
  }

  /** Returns the slab of the copies in bf16 that the plans read; null when there is none. */
  public static CudaArena copies(CudaMemory memory, ParameterSlabs slabs) {
    return slabs.compute() == null ? null : CudaArena.of(memory, slabs.compute());
  }

  /**
   * Returns the work of a step.
   *
   * @param elements of each slab
   * @param moments how many slabs the optimizer keeps itself
   * @param copied whether it writes copies in bf16 beside the parameters
   */
  public static List<Work> work(long elements, int moments, boolean copied) {
    long slab = elements * Float.BYTES;
    long copies = copied ? elements * DType.BF16.bytes() : 0;
    long read = (2 + moments) * slab; // parameters, gradients and moments
    return List.of(
        new Work(Work.Phase.UPDATE, "optimizer", read, (1 + moments) * slab + copies, 0));
  }

  /** Passes the slab of the copies, null when there is none, as an argument of a kernel. */
  static void setCopies(KernelLaunch kernel, int position, CudaArena copies) {
    kernel.set(position, copies == null ? null : copies.memory().pointer());
  }

  /** As {@link #setCopies(KernelLaunch, int, CudaArena)}, from an element on. */
  static void setCopies(KernelLaunch kernel, int position, CudaArena copies, long first) {
    kernel.set(position, copies == null ? null : copies.memory().at(first * DType.BF16.bytes()));
  }

  /** Returns the elements from the first of a parameter up to the next parameter or the end. */
  static long count(CudaArena slab, long first, long end) {
    long all = slab.bytes() / Float.BYTES;
    long gap = Arena.ALIGNMENT / Float.BYTES;
    if (first < 0 || first % gap != 0 || end <= first || end > all) {
      throw new IllegalArgumentException(first + " to " + end + " are no parameters of " + all);
    }
    return Math.min(all, (end + gap - 1) / gap * gap) - first;
  }

  /**
   * Returns the number of floats in each slab but the first, which may have more that are left
   * alone.
   */
  static long elements(CudaArena... slabs) {
    long bytes = slabs[slabs.length - 1].bytes();
    for (int i = 0; i < slabs.length; i++) {
      long own = slabs[i].bytes();
      if ((i == 0 ? own < bytes : own != bytes) || bytes % Float.BYTES != 0) {
        throw new IllegalArgumentException(
            "slabs of different sizes: " + own + " and " + bytes + " bytes");
      }
    }
    return bytes / Float.BYTES;
  }

  /** Passes the slabs as the first arguments of a kernel. */
  static void set(KernelLaunch kernel, CudaArena... slabs) {
    for (int i = 0; i < slabs.length; i++) {
      kernel.set(i, slabs[i].memory().pointer());
    }
  }

  /** Passes the slabs from an element on as the first arguments of a kernel. */
  static void set(KernelLaunch kernel, long first, CudaArena... slabs) {
    for (int i = 0; i < slabs.length; i++) {
      kernel.set(i, slabs[i].memory().at(first * Float.BYTES));
    }
  }
}
