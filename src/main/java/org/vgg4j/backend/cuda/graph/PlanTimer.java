package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.Stopwatch;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.SampleValues;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** Times plans of one problem on the GPU. */
final class PlanTimer {
  private static final Logger LOG = LoggerFactory.getLogger(PlanTimer.class);

  /** A plan whose first run is this much slower than the fastest so far is not timed again. */
  private static final double HOPELESS = 5;

  private final Stopwatch stopwatch;
  private final List<DeviceMemory> operands = new ArrayList<>();
  private final DeviceMemory workspace;

  private PlanTimer(Closing owned, CudaContext context, ConvProblem problem, long workspaceBytes) {
    stopwatch = new Stopwatch(owned, context);
    for (Operand operand : problem.operands()) {
      DeviceMemory memory =
          owned.own(new DeviceMemory(context, operand.bytes(), MemoryOwner.TIMING));
      SampleValues.fill(context, memory, operand.type(), operands.size());
      operands.add(memory);
    }
    workspace = owned.own(new DeviceMemory(context, workspaceBytes, MemoryOwner.TIMING));
  }

  /**
   * The fastest plan.
   *
   * @param millis the time of one run, NaN if nothing was timed
   * @param isLasting whether a later run of this program would come to the same result
   */
  record Result(BuiltPlan plan, double millis, boolean isLasting) {}

  /**
   * Times plans and returns the fastest; the first if they cannot be timed for want of memory, null
   * if they can and none of them runs.
   *
   * @param plans at least one, of one problem
   * @param limit what the workspace may take if that much memory is free
   * @param broken gets each plan that does not run, and why
   */
  static Result fastest(
      CudaContext context,
      List<BuiltPlan> plans,
      long limit,
      BiConsumer<BuiltPlan, CudaException> broken) {
    ConvProblem problem = plans.get(0).problem();
    long room = Math.min(limit, context.cuda().cudaMemGetInfo()[0] / 2);
    List<BuiltPlan> fitting = plans.stream().filter(plan -> plan.workspaceBytes() <= room).toList();
    List<BuiltPlan> whole = new ArrayList<>(plans);
    if (!fitting.isEmpty()) {
      long bytes = fitting.stream().mapToLong(BuiltPlan::workspaceBytes).max().getAsLong();
      try (Closing memory = new Closing()) {
        Result best =
            new PlanTimer(memory, context, problem, bytes)
                .fastest(
                    fitting,
                    (plan, reason) -> {
                      whole.remove(plan);
                      broken.accept(plan, reason);
                    });
        boolean isLasting = fitting.size() == plans.size();
        return best == null ? null : new Result(best.plan(), best.millis(), isLasting);
      } catch (OutOfDeviceMemoryException e) {
        LOG.warn("{} could not be timed: {}", problem.text(), e.getMessage());
      }
    }
    return new Result(whole.get(0), Double.NaN, false);
  }

  /** Returns null if none ran. */
  private Result fastest(List<BuiltPlan> plans, BiConsumer<BuiltPlan, CudaException> broken) {
    Result best = null;
    for (BuiltPlan plan : plans) {
      double limit = best == null ? Double.POSITIVE_INFINITY : HOPELESS * best.millis();
      try {
        double millis = millis(plan, limit);
        LOG.debug("{} with {}: {} ms", plan.problem().text(), plan.choice().text(), millis);
        if (best == null || millis < best.millis()) {
          best = new Result(plan, millis, true);
        }
      } catch (CudaException e) {
        LOG.warn("{} does not run: {}", plan.choice().text(), e.getMessage());
        broken.accept(plan, e);
      }
    }
    return best;
  }

  private double millis(BuiltPlan plan, double hopeless) {
    try (PlanRun run = new PlanRun(plan, () -> {})) {
      for (int i = 0; i < operands.size(); i++) {
        run.set(i, operands.get(i).pointer());
      }
      return stopwatch.shortest(() -> run.execute(workspace.pointer()), hopeless);
    }
  }
}
