package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Work;

/** SGD by a custom kernel: a sweep over the slabs. */
public final class CudaSgd implements OptimizerPlan {
  private final CudaDevice device;
  private final SgdSpec spec;
  private final boolean hasMomentum;
  private final RatedLaunches update;

  /**
   * Takes the slabs.
   *
   * @param v the velocity, null without momentum
   */
  public CudaSgd(CudaDevice device, SgdSpec spec, StepState state, ParameterSlabs slabs, Arena v) {
    this.device = device;
    this.spec = spec;
    hasMomentum = v != null;
    if (hasMomentum != spec.momentum() > 0) {
      throw new IllegalArgumentException(
          "SGD takes a momentum buffer if and only if it has momentum");
    }
    Arena[] own = hasMomentum ? new Arena[] {v} : new Arena[0];
    CudaStepState here = CudaStepState.of(device, state);
    update = new RatedLaunches(device, here, slabs, own, arguments(), this::update);
  }

  private int arguments() {
    return hasMomentum ? 9 : 7;
  }

  private KernelLaunch update(long count) {
    float decay = (float) spec.weightDecay();
    return hasMomentum
        ? device
            .kernels()
            .strided("vgg4j_sgd_momentum", count, 4, arguments())
            .set(5, count)
            .set(6, (float) spec.momentum())
            .set(7, decay)
        : device.kernels().strided("vgg4j_sgd", count, 4, arguments()).set(4, count).set(5, decay);
  }

  @Override
  public void begin() {
    // Nothing is common to all parts.
  }

  @Override
  public void step(long first, long end) {
    update.run(first, end);
  }

  @Override
  public List<Work> work() {
    return update.work();
  }

  @Override
  public void step() {
    update.run();
  }

  @Override
  public void close() {
    update.close();
  }
}
