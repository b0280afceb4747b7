package org.vgg4j.backend.cuda.operations;

import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.Work;

/** Adam by custom kernels: one thread for the bias corrections, then one sweep over the slabs. */
public final class CudaAdam implements OptimizerPlan {
  private final CudaArena[] slabs;
  private final CudaArena copies; // null without
  private final CudaDevice device;
  private final AdamSpec spec;
  private final CudaStepState state;
  private final Closing closing = new Closing();
  private final List<Work> work;
  private final KernelLaunch prepare;
  private final KernelLaunch update;

  /**
   * Takes the slabs.
   *
   * @param copies of the weights in bf16, null when there are none
   * @param slabs parameters, gradients and the two moments
   */
  public CudaAdam(
      CudaDevice device, AdamSpec spec, CudaStepState state, CudaArena copies, CudaArena... slabs) {
    this.device = device;
    this.spec = spec;
    this.slabs = slabs;
    this.copies = copies;
    this.state = state;
    long count = OptimizerSlabs.elements(slabs);
    work =
        Stream.concat(
                Stream.of(new Work(Work.Phase.UPDATE, "adam prepare", 0, 0, 0)),
                OptimizerSlabs.work(count, slabs.length - 2, copies != null).stream())
            .toList();
    try {
      prepare =
          closing
              .own(device.kernels().grid("vgg4j_adam_prepare", 1, 1, 3))
              .set(1, spec.beta1())
              .set(2, spec.beta2());
      update = closing.own(update(count));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private KernelLaunch update(long count) {
    return device
        .kernels()
        .strided("vgg4j_adam", count, 4, 13)
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
    try (KernelLaunch part = update(OptimizerSlabs.count(slabs[0], first, end))) {
      OptimizerSlabs.set(part, first, slabs);
      OptimizerSlabs.setCopies(part, slabs.length, copies, first);
      part.set(slabs.length + 1, state.pointer()).launch();
    }
  }

  @Override
  public List<Work> work() {
    return work;
  }

  @Override
  public void step() {
    begin();
    OptimizerSlabs.set(update, slabs);
    OptimizerSlabs.setCopies(update, slabs.length, copies);
    update.set(slabs.length + 1, state.pointer()).launch();
  }

  @Override
  public void close() {
    closing.close();
  }
}
