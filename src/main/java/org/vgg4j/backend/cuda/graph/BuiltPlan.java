package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;

/** An execution plan of cuDNN with all that it was made from; {@link #close} frees it. */
final class BuiltPlan implements AutoCloseable {
  private final Closing owned;
  private final PlanTarget target;
  private final ConvProblem problem;
  private final EngineChoice choice;
  private final EngineNotes notes;
  private final Descriptor plan;
  private final long workspaceBytes;

  /**
   * Makes a plan.
   *
   * @throws CudaException when cuDNN refuses it or the policy forbids it
   */
  static BuiltPlan build(
      PlanTarget target, ConvProblem problem, EngineChoice choice, PlanPolicy policy) {
    return Closing.building(owned -> new BuiltPlan(owned, target, problem, choice, policy));
  }

  private BuiltPlan(
      Closing owned,
      PlanTarget target,
      ConvProblem problem,
      EngineChoice choice,
      PlanPolicy policy) {
    this.owned = owned;
    this.target = target;
    this.problem = problem;
    this.choice = choice;
    Descriptor engine =
        descriptor(cudnn.CUDNN_BACKEND_ENGINE_DESCRIPTOR)
            .part(cudnn.CUDNN_ATTR_ENGINE_OPERATION_GRAPH, ConvGraph.build(owned, target, problem))
            .longs(cudnn.CUDNN_ATTR_ENGINE_GLOBAL_INDEX, choice.engine());
    target.engine(engine);
    engine.finish();
    notes = EngineNotes.of(engine);
    refuseIf(policy.refusal(notes, problem.type()));
    plan =
        descriptor(cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
            .part(cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config(engine));
    target.plan(plan);
    plan.finish();
    workspaceBytes = plan.readLong(cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
    if (workspaceBytes > policy.workspaceLimit()) {
      refuseIf(
          "uses %d bytes of workspace, over the limit of %d"
              .formatted(workspaceBytes, policy.workspaceLimit()));
    }
  }

  private Descriptor descriptor(int type) {
    return new Descriptor(owned, target.calls(), type, problem.text() + " with " + choice.text());
  }

  private Descriptor config(Descriptor engine) {
    List<Descriptor> knobs = new ArrayList<>();
    choice
        .knobs()
        .forEach(
            (type, value) ->
                knobs.add(
                    descriptor(cudnn.CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR)
                        .constant(
                            cudnn.CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE,
                            cudnn.CUDNN_TYPE_KNOB_TYPE,
                            type)
                        .longs(cudnn.CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, value)
                        .finish()));
    Descriptor config =
        descriptor(cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)
            .part(cudnn.CUDNN_ATTR_ENGINECFG_ENGINE, engine);
    if (!knobs.isEmpty()) {
      config.parts(cudnn.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
    }
    return config.finish();
  }

  private void refuseIf(String reason) {
    if (reason != null) {
      throw new CudaException(
          "a plan",
          cudnn.CUDNN_STATUS_NOT_SUPPORTED,
          choice.text() + " is not allowed for " + problem.text() + ": it " + reason);
    }
  }

  PlanTarget target() {
    return target;
  }

  ConvProblem problem() {
    return problem;
  }

  EngineChoice choice() {
    return choice;
  }

  EngineNotes notes() {
    return notes;
  }

  long workspaceBytes() {
    return workspaceBytes;
  }

  Descriptor plan() {
    return plan;
  }

  @Override
  public void close() {
    owned.close();
  }
}
