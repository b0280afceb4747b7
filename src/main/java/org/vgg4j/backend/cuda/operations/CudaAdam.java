package org.vgg4j.backend.cuda.operations;

import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Work;

/** Adam by custom kernels: one thread for the bias corrections, then a sweep over the slabs. */
public final class CudaAdam implements OptimizerPlan {
  private static final int ARGUMENTS = 14;

  private final CudaDevice device;
  private final AdamSpec spec;
  private final CudaStepState state;
  private final Closing closing = new Closing();
  private final KernelLaunch prepare;
  private final RatedLaunches update;

  /**
   * Takes the slabs.
   *
   * @param moments both of them
   */
  public CudaAdam(
      CudaDevice device, AdamSpec spec, StepState state, ParameterSlabs slabs, Arena... moments) {
    this.device = device;
    this.spec = spec;
    this.state = CudaStepState.of(device, state);
    try {
      prepare =
          closing
              .own(device.kernels().grid("vgg4j_adam_prepare", 1, 1, 3))
              .set(1, spec.beta1())
              .set(2, spec.beta2());
      update =
          closing.own(
              new RatedLaunches(device, this.state, slabs, moments, ARGUMENTS, this::update));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private KernelLaunch update(long count) {
    return device
        .kernels()
        .strided("vgg4j_adam", count, 4, ARGUMENTS)
        .set(6, count)
        .set(7, (float) spec.beta1())
        .set(8, (float) (1 - spec.beta1()))
        .set(9, (float) spec.beta2())
        .set(10, (float) (1 - spec.beta2()))
        .set(11, (float) spec.epsilon())
        .set(12, (float) spec.weightDecay());
  }

  @Override
  public void begin() {
    prepare.set(0, state.pointer()).launch();
  }

  @Override
  public void step(long first, long end) {
    update.run(first, end);
  }

  @Override
  public List<Work> work() {
    return Stream.concat(
            Stream.of(new Work(Work.Phase.UPDATE, "adam prepare", 0, 0, 0)), update.work().stream())
        .toList();
  }

  @Override
  public void step() {
    begin();
    update.run();
  }

  @Override
  public void close() {
    closing.close();
  }
}
