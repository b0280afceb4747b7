package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Work;

/** A running average of a slab by custom kernels. */
public final class CudaAverage implements AveragePlan {
  private final CudaDevice device;
  private final float share;
  private final CudaArena[] slabs; // values, average
  private final long elements;
  private final Closing closing = new Closing();
  private final KernelLaunch move;
  private final KernelLaunch exchange;

  public CudaAverage(CudaDevice device, double decay, Arena values, Arena average) {
    this.device = device;
    share = (float) (1 - decay);
    slabs =
        new CudaArena[] {
          CudaArena.of(device.memory(), values), CudaArena.of(device.memory(), average)
        };
    elements = OptimizerSlabs.elements(slabs);
    try {
      move = closing.own(move(elements));
      exchange =
          closing.own(device.kernels().strided("vgg4j_exchange", elements, 4, 3)).set(2, elements);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private KernelLaunch move(long count) {
    return device.kernels().strided("vgg4j_average", count, 4, 4).set(2, count).set(3, share);
  }

  @Override
  public List<Work> work() {
    long slab = elements * Float.BYTES;
    return List.of(new Work(Work.Phase.UPDATE, "average", 2 * slab, slab, 0));
  }

  @Override
  public void run() {
    run(move, 0);
  }

  @Override
  public void run(long first, long end) {
    try (KernelLaunch part = move(OptimizerSlabs.count(slabs[1], first, end))) {
      run(part, first);
    }
  }

  private void run(KernelLaunch launch, long first) {
    launch
        .set(0, slabs[1].memory().at(first * Float.BYTES))
        .set(1, slabs[0].memory().at(first * Float.BYTES))
        .launch();
  }

  @Override
  public void exchange() {
    OptimizerSlabs.set(exchange, slabs);
    exchange.launch();
  }

  @Override
  public void close() {
    closing.close();
  }
}
