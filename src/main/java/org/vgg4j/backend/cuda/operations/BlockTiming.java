package org.vgg4j.backend.cuda.operations;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.Stopwatch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.SampleValues;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Times two plans of one block: a forward, and a backward where one is planned. */
final class BlockTiming {
  private static final Logger LOG = LoggerFactory.getLogger(BlockTiming.class);

  private final Closing owned;
  private final CudaDevice device;
  private final List<Slot> slots = new ArrayList<>();

  private BlockTiming(Closing owned, CudaDevice device) {
    this.owned = owned;
    this.device = device;
  }

  /** Makes a plan that {@code owner} closes. */
  interface Maker extends BiFunction<Closing, MemoryPlanner, ConvBlockPlan> {}

  /**
   * Returns whether the first plan is faster; nothing when there is no memory to find out.
   *
   * @param x the layout of the input
   */
  static Optional<Boolean> isFaster(
      CudaDevice device, ConvBlockSpec spec, CudaLayout x, Usage usage, Maker one, Maker other) {
    try {
      return Optional.of(
          millis(device, spec, x, usage, one) < millis(device, spec, x, usage, other));
    } catch (OutOfDeviceMemoryException e) {
      LOG.warn("the first block's two ways could not be timed: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static double millis(
      CudaDevice device, ConvBlockSpec spec, CudaLayout x, Usage usage, Maker maker) {
    try (Closing owned = new Closing()) {
      return new BlockTiming(owned, device).millis(spec, x, usage, maker);
    }
  }

  private double millis(ConvBlockSpec spec, CudaLayout x, Usage usage, Maker maker) {
    ConvBlockPlan plan = maker.apply(owned, new Planner());
    slots.forEach(slot -> slot.bind(space(slot.layout())));
    boolean norms = spec.batchNorm() != null;
    boolean biased = spec.conv().bias();
    ConvBlockPlan.Parameters parameters =
        new ConvBlockPlan.Parameters(
            random(plan.w(), 1),
            biased ? channel(spec, 2) : null,
            norms ? channel(spec, 3) : null,
            norms ? channel(spec, 4) : null,
            norms ? zeros(spec) : null,
            norms ? zeros(spec) : null);
    ConvBlockPlan.Gradients gradients =
        new ConvBlockPlan.Gradients(
            space(plan.dw()),
            biased ? zeros(spec) : null,
            norms ? zeros(spec) : null,
            norms ? zeros(spec) : null);
    Tensor images = random(x, 5);
    Tensor dy = usage.training() ? random(CudaLayout.of(plan.y()).asValues(), 6) : null;
    return new Stopwatch(owned, device.context())
        .shortest(
            () -> {
              plan.forward(images, parameters, usage.training());
              if (dy != null) {
                plan.backward(dy, parameters, gradients);
              }
            });
  }

  private Tensor channel(ConvBlockSpec spec, long seed) {
    return random(vector(spec), seed);
  }

  private Tensor zeros(ConvBlockSpec spec) {
    DeviceMemory memory = memory(vector(spec));
    memory.zero();
    return CudaTensor.over(device.memory(), memory, vector(spec));
  }

  private static CudaLayout vector(ConvBlockSpec spec) {
    return CudaLayout.floats(Shape.of(spec.conv().outChannels()));
  }

  private Tensor random(Layout layout, long seed) {
    DeviceMemory memory = memory(layout);
    SampleValues.fill(device.context(), memory, layout.dtype(), seed);
    return CudaTensor.over(device.memory(), memory, CudaLayout.of(layout));
  }

  private Tensor space(Layout layout) {
    return CudaTensor.over(device.memory(), memory(layout), CudaLayout.of(layout));
  }

  private DeviceMemory memory(Layout layout) {
    long bytes = CudaLayout.of(layout).bytes();
    return owned.own(new DeviceMemory(device.context(), bytes, MemoryOwner.TIMING));
  }

  /** Every slot gets memory of its own. */
  private final class Planner implements MemoryPlanner {
    @Override
    public Slot activation(Layout layout) {
      Slot slot = new Slot(layout);
      slots.add(slot);
      return slot;
    }

    @Override
    public Slot saved(Layout layout) {
      return activation(layout);
    }

    @Override
    public Slot gradient(Layout layout) {
      return activation(layout);
    }
  }
}
