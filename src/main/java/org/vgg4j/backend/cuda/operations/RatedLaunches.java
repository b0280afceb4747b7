package org.vgg4j.backend.cuda.operations;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SlabRate;
import org.vgg4j.tensor.Work;

/**
 * The launches of an optimizer's kernel: one for each part of the slabs with a learning rate of its
 * own. The kernel takes slabs, copies and state first, and the rate's factor last.
 */
final class RatedLaunches implements AutoCloseable {
  private final CudaArena[] slabs;
  private final CudaArena copies; // null without
  private final CudaStepState state;
  private final List<SlabRate> rates;
  private final LongFunction<KernelLaunch> kernel; // for so many elements
  private final int last; // the position of the kernel's last argument
  private final long elements;
  private final Closing closing = new Closing();
  private final List<KernelLaunch> launches = new ArrayList<>();

  /**
   * Takes the slabs.
   *
   * @param own the optimizer's moments
   * @param arguments how many the kernel takes
   * @param kernel makes a launch over so many elements
   */
  RatedLaunches(
      CudaDevice device,
      CudaStepState state,
      ParameterSlabs all,
      Arena[] own,
      int arguments,
      LongFunction<KernelLaunch> kernel) {
    this.state = state;
    rates = all.rates();
    copies = OptimizerSlabs.copies(device.memory(), all);
    slabs = OptimizerSlabs.of(device.memory(), all, own);
    this.kernel = kernel;
    last = arguments - 1;
    elements = OptimizerSlabs.elements(slabs);
    try {
      for (int part = 0; part < rates.size(); part++) {
        launches.add(closing.own(kernel.apply(end(part) - first(part))));
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private long first(int part) {
    return rates.get(part).first();
  }

  private long end(int part) {
    return part + 1 < rates.size() ? first(part + 1) : elements;
  }

  /** Updates all parts. */
  void run() {
    for (int part = 0; part < launches.size(); part++) {
      run(launches.get(part), part, first(part));
    }
  }

  /** Updates the parameters from one's beginning to another's end, within one part. */
  void run(long first, long end) {
    int part = 0;
    while (end(part) <= first) {
      part++;
    }
    long count = OptimizerSlabs.count(slabs[slabs.length - 1], first, end);
    if (first + count > end(part)) {
      throw new IllegalArgumentException(first + " to " + end + " have several learning rates");
    }
    try (KernelLaunch launch = kernel.apply(count)) {
      run(launch, part, first);
    }
  }

  private void run(KernelLaunch launch, int part, long first) {
    OptimizerSlabs.set(launch, first, slabs);
    OptimizerSlabs.setCopies(launch, slabs.length, copies, first);
    launch
        .set(slabs.length + 1, state.pointer())
        .set(last, (float) rates.get(part).factor())
        .launch();
  }

  /** Returns the work of {@link #run()}. */
  List<Work> work() {
    List<Work> work = new ArrayList<>();
    for (int part = 0; part < rates.size(); part++) {
      work.addAll(OptimizerSlabs.work(end(part) - first(part), slabs.length - 2, copies != null));
    }
    return work;
  }

  @Override
  public void close() {
    closing.close();
  }
}
