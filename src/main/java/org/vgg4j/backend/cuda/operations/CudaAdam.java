package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OptimizerPlan;

/** Adam by custom kernels: one thread for the bias corrections, then one sweep over the slabs. */
public final class CudaAdam implements OptimizerPlan {
  private final CudaArena[] slabs;
  private final CudaStepState state;
  private final Closing closing = new Closing();
  private final KernelLaunch prepare;
  private final KernelLaunch update;

  /** Takes parameters, gradients and the two moments. */
  public CudaAdam(CudaDevice device, AdamSpec spec, CudaStepState state, CudaArena... slabs) {
    this.slabs = slabs;
    this.state = state;
    long count = OptimizerSlabs.elements(slabs);
    try {
      prepare =
          closing
              .own(device.kernels().grid("vgg4j_adam_prepare", 1, 1, 3))
              .set(1, spec.beta1())
              .set(2, spec.beta2());
      update =
          closing
              .own(device.kernels().strided("vgg4j_adam", count, 4, 12))
              .set(5, count)
              .set(6, (float) spec.beta1())
              .set(7, (float) (1 - spec.beta1()))
              .set(8, (float) spec.beta2())
              .set(9, (float) (1 - spec.beta2()))
              .set(10, (float) spec.epsilon())
              .set(11, (float) spec.weightDecay());
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  @Override
  public void step() {
    prepare.set(0, state.pointer()).launch();
    OptimizerSlabs.set(update, slabs);
    update.set(slabs.length, state.pointer()).launch();
  }

  @Override
  public void close() {
    closing.close();
  }
}
