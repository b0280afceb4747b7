package org.vgg4j.backend.cuda.graph;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.PinnedMemory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/**
 * Times plans of one problem on the GPU, on operands of random values: of zeros a GPU needs less
 * power, and runs faster than it will.
 */
final class PlanTimer {
  private static final Logger LOG = LoggerFactory.getLogger(PlanTimer.class);

  private static final int ROUNDS = 3;

  /** A plan whose first run is this much slower than the fastest so far is not timed again. */
  private static final double HOPELESS = 5;

  /** So much is random; the rest repeats it, since making it on the host takes time. */
  private static final int PATTERN_BYTES = 1 << 16;

  private final CudaContext context;
  private final CUevent_st start;
  private final CUevent_st end;
  private final List<DeviceMemory> operands = new ArrayList<>();
  private final DeviceMemory workspace;

  private PlanTimer(Closing owned, CudaContext context, ConvProblem problem, long workspaceBytes) {
    this.context = context;
    start = event(owned);
    end = event(owned);
    for (Operand operand : problem.operands()) {
      operands.add(owned.own(new DeviceMemory(context, operand.bytes())));
    }
    workspace = owned.own(new DeviceMemory(context, workspaceBytes));
    fill(problem);
  }

  /**
   * The fastest plan.
   *
   * @param millis the time of one run, NaN if nothing was timed
   * @param isLasting whether a later run of this program would come to the same result
   */
  record Result(BuiltPlan plan, double millis, boolean isLasting) {}

  /**
   * Times plans and returns the fastest; the first if they cannot be timed for want of memory.
   *
   * @param plans at least one, of one problem
   * @param limit what the workspace may take if that much memory is free
   */
  static Result fastest(CudaContext context, List<BuiltPlan> plans, long limit) {
    ConvProblem problem = plans.get(0).problem();
    if (plans.size() == 1) {
      return new Result(plans.get(0), Double.NaN, true);
    }
    long room = Math.min(limit, context.cuda().cudaMemGetInfo()[0] / 2);
    List<BuiltPlan> fitting = plans.stream().filter(plan -> plan.workspaceBytes() <= room).toList();
    long bytes = fitting.stream().mapToLong(BuiltPlan::workspaceBytes).max().orElse(0);
    try (Closing memory = new Closing()) {
      PlanTimer timer = new PlanTimer(memory, context, problem, bytes);
      Result best = timer.fastest(fitting);
      if (best != null) {
        return new Result(best.plan(), best.millis(), fitting.size() == plans.size());
      }
    } catch (OutOfDeviceMemoryException e) {
      LOG.warn("{} could not be timed: {}", problem.text(), e.getMessage());
    }
    return new Result(plans.get(0), Double.NaN, false);
  }

  private CUevent_st event(Closing owned) {
    CUevent_st event = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDefault);
    owned.own(() -> context.cuda().cudaEventDestroy(event));
    return event;
  }

  private void fill(ConvProblem problem) {
    try (PinnedMemory pattern = new PinnedMemory(context, PATTERN_BYTES)) {
      for (int i = 0; i < operands.size(); i++) {
        Operand operand = problem.operands().get(i);
        random(pattern.bytes(), operand.type(), i);
        copy(operands.get(i), operand.bytes(), pattern.pointer());
        context.synchronize(); // before the pattern is written again
      }
    }
  }

  /** Values of a normal distribution, a tenth of it wide: products and sums stay small. */
  private static void random(ByteBuffer pattern, DType type, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < pattern.capacity() / type.bytes(); i++) {
      type.put(pattern, i, 0.1 * random.nextGaussian());
    }
  }

  /** Repeats the pattern over the memory: each copy doubles what is there. */
  private void copy(DeviceMemory to, long bytes, Pointer pattern) {
    long done = Math.min(bytes, PATTERN_BYTES);
    context
        .cuda()
        .cudaMemcpyAsync(
            to.pointer(), pattern, done, cudart.cudaMemcpyHostToDevice, context.stream());
    while (done < bytes) {
      long more = Math.min(done, bytes - done);
      context
          .cuda()
          .cudaMemcpyAsync(
              to.at(done), to.pointer(), more, cudart.cudaMemcpyDeviceToDevice, context.stream());
      done += more;
    }
  }

  /** Returns null if none ran. */
  private Result fastest(List<BuiltPlan> plans) {
    Result best = null;
    for (BuiltPlan plan : plans) {
      double limit = best == null ? Double.POSITIVE_INFINITY : best.millis();
      try (PlanRun run = new PlanRun(plan, () -> {})) {
        for (int i = 0; i < operands.size(); i++) {
          run.set(i, operands.get(i).pointer());
        }
        double millis = millis(run, limit);
        LOG.debug("{} with {}: {} ms", plan.problem().text(), plan.choice().text(), millis);
        if (best == null || millis < best.millis()) {
          best = new Result(plan, millis, true);
        }
      } catch (CudaException e) {
        LOG.warn("{} does not run: {}", plan.choice().text(), e.getMessage());
      }
    }
    return best;
  }

  /** Returns the shortest time of a few runs, after one that loads the kernels. */
  private double millis(PlanRun run, double limit) {
    once(run);
    double shortest = once(run);
    for (int i = 1; i < ROUNDS && shortest < HOPELESS * limit; i++) {
      shortest = Math.min(shortest, once(run));
    }
    return shortest;
  }

  private double once(PlanRun run) {
    context.cuda().cudaEventRecord(start, context.stream());
    run.execute(workspace.pointer());
    context.cuda().cudaEventRecord(end, context.stream());
    context.cuda().cudaEventSynchronize(end);
    return context.cuda().cudaEventElapsedTime(start, end);
  }
}
