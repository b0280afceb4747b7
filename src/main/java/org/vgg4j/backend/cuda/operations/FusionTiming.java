package org.vgg4j.backend.cuda.operations;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.Stopwatch;
import org.vgg4j.backend.cuda.graph.ConvPlan;
import org.vgg4j.backend.cuda.graph.PlanRun;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.SampleValues;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** Times a convolution with what is around it against the convolution and custom kernels. */
final class FusionTiming {
  private static final Logger LOG = LoggerFactory.getLogger(FusionTiming.class);

  private final CudaDevice device;
  private final Closing owned;
  private final DeviceMemory x;
  private final DeviceMemory values; // x after norm and ReLU
  private final DeviceMemory w;
  private final DeviceMemory y;
  private final DeviceMemory channels; // scale and shift
  private final DeviceMemory bias; // as cuDNN takes it
  private final DeviceMemory workspace;
  private final long channelBytes;

  private FusionTiming(
      Closing owned,
      CudaDevice device,
      CudaLayout xLayout,
      CudaLayout wLayout,
      CudaLayout yLayout,
      long workspaceBytes) {
    this.device = device;
    this.owned = owned;
    DType type = xLayout.dtype();
    x = random(xLayout.bytes(), type, 1);
    values = random(xLayout.bytes(), type, 2);
    w = random(wLayout.bytes(), type, 3);
    y = space(yLayout.bytes());
    channelBytes = (long) Math.max(xLayout.stored(), yLayout.stored()) * Float.BYTES;
    channels = random(channelBytes, DType.F32, 4);
    bias = random(channelBytes, type, 5);
    workspace = space(workspaceBytes);
  }

  private DeviceMemory random(long bytes, DType type, long seed) {
    DeviceMemory memory = space(bytes);
    SampleValues.fill(device.context(), memory, type, seed);
    return memory;
  }

  private DeviceMemory space(long bytes) {
    return owned.own(new DeviceMemory(device.context(), bytes, MemoryOwner.TIMING));
  }

  /**
   * Returns whether the fused plan is faster; nothing when there is no memory to find out, or the
   * fused plan does not run.
   *
   * @param kernels whether the other way includes the custom kernels that then do the rest
   */
  static Optional<Boolean> isFaster(
      CudaDevice device,
      ConvPlan alone,
      ConvPlan fused,
      CudaLayout input,
      Conv2dSpec spec,
      boolean kernels) {
    CudaLayout x = input.asValues();
    CudaLayout w = CudaLayout.channelsLast(spec.w(), x.dtype(), x.stored());
    CudaLayout y = CudaLayout.channelsLast(spec.y(x.shape()), x.dtype());
    long bytes = Math.max(alone.workspaceBytes(), fused.workspaceBytes());
    try (Closing memory = new Closing()) {
      FusionTiming timing = new FusionTiming(memory, device, x, w, y, bytes);
      Stopwatch stopwatch = new Stopwatch(memory, device.context());
      double together = timing.millis(stopwatch, fused);
      if (Double.isNaN(together)) {
        return Optional.empty();
      }
      Runnable separate = kernels ? timing.separate(alone, fused, x, y) : timing.alone(alone);
      return Optional.of(together < stopwatch.shortest(separate));
    } catch (OutOfDeviceMemoryException e) {
      LOG.warn("{} could not be timed: {}", fused.problem().text(), e.getMessage());
      return Optional.empty();
    }
  }

  /** Returns NaN when the plan does not run. */
  private double millis(Stopwatch stopwatch, ConvPlan fused) {
    try {
      return stopwatch.shortest(fused(fused));
    } catch (CudaException e) {
      LOG.warn("{} does not run and is not used: {}", fused.problem().text(), e.getMessage());
      return Double.NaN;
    }
  }

  private Runnable alone(ConvPlan plan) {
    PlanRun run =
        owned.own(plan.newRun()).set(0, values.pointer()).set(1, w.pointer()).set(2, y.pointer());
    return () -> run.execute(workspace.pointer());
  }

  private Runnable fused(ConvPlan plan) {
    PlanRun run = owned.own(plan.newRun());
    int at = 0;
    run.set(at++, x.pointer());
    if (plan.problem().operation().hasNorm()) {
      run.set(at++, channels.pointer()).set(at++, channels.pointer());
    }
    run.set(at++, w.pointer());
    if (plan.problem().operation().hasBias()) {
      run.set(at++, bias.pointer());
    }
    run.set(at++, y.pointer());
    if (plan.problem().operation().hasStatistics()) {
      run.set(at++, space(channelBytes).pointer()).set(at, space(channelBytes).pointer());
    }
    return () -> run.execute(workspace.pointer());
  }

  private Runnable separate(ConvPlan plan, ConvPlan fused, CudaLayout in, CudaLayout out) {
    Runnable convolution = alone(plan);
    Runnable before = () -> {};
    Runnable after = () -> {};
    if (fused.problem().operation().hasNorm()) {
      KernelLaunch apply = owned.own(PointwiseKernels.norm(device.kernels(), in, true));
      apply.set(0, x.pointer()).set(1, values.pointer());
      apply.set(2, channels.pointer()).set(3, channels.pointer());
      before = apply::launch;
    }
    if (fused.problem().operation().hasStatistics()) {
      BatchNorm2dSpec spec = BatchNorm2dSpec.of(out.stored(), true);
      ChannelNorm norm = new ChannelNorm(owned, device, spec, out, true);
      DeviceMemory partial = space(norm.partialBytes());
      after = () -> norm.sum(y.pointer(), partial.pointer());
    }
    if (fused.problem().operation().hasBias()) {
      KernelLaunch bias = owned.own(PointwiseKernels.bias(device.kernels(), out, true));
      bias.set(0, y.pointer()).set(1, channels.pointer());
      after = bias::launch;
    }
    Runnable first = before;
    Runnable last = after;
    return () -> {
      first.run();
      convolution.run();
      last.run();
    };
  }
}
