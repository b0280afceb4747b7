package org.vgg4j.backend.cuda.operations;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.MatmulProblem;
import org.vgg4j.backend.cuda.calls.MatrixProduct;
import org.vgg4j.backend.cuda.graph.ConvPlans;
import org.vgg4j.backend.cuda.graph.DeviceDescription;
import org.vgg4j.backend.cuda.graph.PlanPolicy;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.tensor.Closing;

/** The GPU of an engine, with everything that all plans share. */
public final class CudaDevice implements AutoCloseable {
  private final Closing owned;
  private final CudaContext context; // null for a described GPU
  private final Kernels kernels;
  private final CudaMemory memory;
  private final PlanPolicy policy;
  private final ConvPlans plans;
  private final Fusions fusions;
  private final LeftSums leftSums = new LeftSums(this);
  private final StepGraphs steps;

  /**
   * Opens the GPU.
   *
   * @param number its number, from 0
   * @param policy which plans convolutions may use, given the bytes of its memory
   * @param recomputes whether convolutions compute the batch norm before them again instead of
   *     reading its output; null to leave it to a timing
   * @param graph whether steps are captured as graphs
   * @param cache the folder for data kept between runs, or null for none
   */
  public static CudaDevice open(
      int number, LongFunction<PlanPolicy> policy, Boolean recomputes, boolean graph, Path cache) {
    return Closing.building(
        owned -> new CudaDevice(owned, number, policy, recomputes, graph, cache));
  }

  private CudaDevice(
      Closing owned,
      int number,
      LongFunction<PlanPolicy> policies,
      Boolean recomputes,
      boolean graph,
      Path cache) {
    this.owned = owned;
    context = owned.own(CudaContext.open(number));
    policy = policies.apply(context.info().memoryBytes());
    kernels = owned.own(Kernels.load(context, cache));
    memory = new CudaMemory(owned, context, kernels);
    plans = owned.own(ConvPlans.on(context, policy, cache));
    fusions = new Fusions(this, policy.deterministic(), recomputes, policy.choices());
    steps = new StepGraphs(this, graph);
    owned.own(context::drain);
    context.release(); // opening does not claim ownership; the first use does
  }

  /**
   * Makes the parts of a GPU that is only described: nets can be planned for it and not be run.
   *
   * @param plans the convolutions' plans, which this object closes
   * @param recomputes as for {@link #open}; null keeps what the norms compute
   * @param graph as for {@link #open}
   */
  public static CudaDevice described(
      DeviceDescription gpu,
      PlanPolicy policy,
      ConvPlans plans,
      Boolean recomputes,
      boolean graph) {
    return new CudaDevice(gpu, policy, plans, recomputes, graph);
  }

  private CudaDevice(
      DeviceDescription gpu,
      PlanPolicy policy,
      ConvPlans plans,
      Boolean recomputes,
      boolean graph) {
    this.policy = policy;
    this.plans = plans;
    owned = new Closing();
    owned.own(plans);
    context = null;
    kernels = Kernels.described(gpu.multiprocessors());
    memory = CudaMemory.described();
    fusions = new Fusions(this, policy.deterministic(), recomputes, policy.choices());
    steps = new StepGraphs(this, graph);
  }

  /** Returns whether the GPU is only described. */
  public boolean isDescribed() {
    return context == null;
  }

  /**
   * Returns the open GPU.
   *
   * @throws IllegalStateException when it is only described
   */
  public CudaContext context() {
    if (context == null) {
      throw new IllegalStateException("nothing can run on a GPU that is only described");
    }
    return context;
  }

  /** Returns a matrix product that {@code owner} closes, or null where cublasLt offers none. */
  MatrixProduct productOrNull(Closing owner, MatmulProblem problem) {
    return isDescribed()
        ? MatrixProduct.described()
        : MatrixProduct.offered(owner, context, problem);
  }

  /** As {@link #productOrNull}, and throws where cublasLt offers none. */
  MatrixProduct product(Closing owner, MatmulProblem problem) {
    return isDescribed() ? MatrixProduct.described() : MatrixProduct.of(owner, context, problem);
  }

  public Kernels kernels() {
    return kernels;
  }

  public CudaMemory memory() {
    return memory;
  }

  /** Returns which plans convolutions may use; linear layers are as strict. */
  PlanPolicy policy() {
    return policy;
  }

  /** Returns whether equal runs must give equal bits. */
  public boolean isDeterministic() {
    return policy.deterministic();
  }

  ConvPlans plans() {
    return plans;
  }

  /** Frees what the plans hold that no operation runs; for when a net is built. */
  public void releaseUnusedPlans() {
    plans.releaseUnused();
  }

  /** Returns what becomes of training steps: graphs, with branches or without. */
  public StepGraphs steps() {
    return steps;
  }

  Fusions fusions() {
    return fusions;
  }

  LeftSums leftSums() {
    return leftSums;
  }

  /** Returns the convolutions' plans, fusions and the steps' form, for {@code Backend.choices}. */
  public Map<String, String> choices() {
    Map<String, String> all = new TreeMap<>(plans.chosen());
    all.putAll(fusions.chosen());
    all.putAll(steps.chosen());
    return all;
  }

  @Override
  public void close() {
    owned.close();
  }
}
