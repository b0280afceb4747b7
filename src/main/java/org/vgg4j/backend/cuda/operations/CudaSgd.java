package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.SgdSpec;

/** SGD by a custom kernel: one sweep over the slabs. */
public final class CudaSgd implements OptimizerPlan {
  private final CudaArena[] slabs;
  private final CudaStepState state;
  private final KernelLaunch update;

  /** Takes parameters, gradients and, with momentum, the velocity. */
  public CudaSgd(CudaDevice device, SgdSpec spec, CudaStepState state, CudaArena... slabs) {
    this.slabs = slabs;
    this.state = state;
    long count = OptimizerSlabs.elements(slabs);
    update =
        slabs.length == 2
            ? device
                .kernels()
                .strided("vgg4j_sgd", count, 4, 5)
                .set(3, count)
                .set(4, (float) spec.weightDecay())
            : device
                .kernels()
                .strided("vgg4j_sgd_momentum", count, 4, 7)
                .set(4, count)
                .set(5, (float) spec.momentum())
                .set(6, (float) spec.weightDecay());
  }

  @Override
  public void step() {
    OptimizerSlabs.set(update, slabs);
    update.set(slabs.length, state.pointer()).launch();
  }

  @Override
  public void close() {
    update.close();
  }
}
