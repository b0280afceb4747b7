package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Work;

/** SGD by a custom kernel: one sweep over the slabs. */
public final class CudaSgd implements OptimizerPlan {
  private final CudaArena[] slabs;
  private final CudaArena copies; // null without
  private final CudaDevice device;
  private final SgdSpec spec;
  private final CudaStepState state;
  private final KernelLaunch update;

  /**
   * Takes the slabs.
   *
   * @param copies of the weights in bf16, null when there are none
   * @param slabs parameters, gradients and, with momentum, the velocity
   */
  public CudaSgd(
      CudaDevice device, SgdSpec spec, CudaStepState state, CudaArena copies, CudaArena... slabs) {
    this.device = device;
    this.spec = spec;
    this.slabs = slabs;
    this.copies = copies;
    this.state = state;
    update = update(OptimizerSlabs.elements(slabs));
  }

  private KernelLaunch update(long count) {
    float decay = (float) spec.weightDecay();
    return slabs.length == 2
        ? device.kernels().strided("vgg4j_sgd", count, 4, 6).set(4, count).set(5, decay)
        : device
            .kernels()
            .strided("vgg4j_sgd_momentum", count, 4, 8)
            .set(5, count)
            .set(6, (float) spec.momentum())
            .set(7, decay);
  }

  @Override
  public void begin() {
    // Nothing is common to all parts.
  }

  @Override
  public void step(long first, long end) {
    try (KernelLaunch part = update(OptimizerSlabs.count(slabs[0], first, end))) {
      OptimizerSlabs.set(part, first, slabs);
      OptimizerSlabs.setCopies(part, slabs.length, copies, first);
      part.set(slabs.length + 1, state.pointer()).launch();
    }
  }

  @Override
  public List<Work> work() {
    return OptimizerSlabs.work(OptimizerSlabs.elements(slabs), slabs.length - 2, copies != null);
  }

  @Override
  public void step() {
    OptimizerSlabs.set(update, slabs);
    OptimizerSlabs.setCopies(update, slabs.length, copies);
    update.set(slabs.length + 1, state.pointer()).launch();
  }

  @Override
  public void close() {
    update.close();
  }
}
