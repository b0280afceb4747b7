package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.global.cudnn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;

/** An execution plan of cuDNN with all that it was made from; {@link #close} frees it. */
final class BuiltPlan implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BuiltPlan.class);

  private final Closing owned;
  private final PlanMaker maker;
  private final ConvProblem problem;
  private final EngineChoice choice;
  private final EngineNotes notes;
  private final Descriptor plan;
  private final long workspaceBytes;

  static BuiltPlan make(PlanMaker maker, ConvProblem problem, EngineChoice choice) {
    return Closing.building(owned -> new BuiltPlan(owned, maker, problem, choice));
  }

  private BuiltPlan(Closing owned, PlanMaker maker, ConvProblem problem, EngineChoice choice) {
    this.owned = owned;
    this.maker = maker;
    this.problem = problem;
    this.choice = choice;
    Descriptor engine =
        descriptor(cudnn.CUDNN_BACKEND_ENGINE_DESCRIPTOR)
            .part(
                cudnn.CUDNN_ATTR_ENGINE_OPERATION_GRAPH,
                ConvGraph.build(owned, maker.target(), problem))
            .longs(cudnn.CUDNN_ATTR_ENGINE_GLOBAL_INDEX, choice.engine());
    maker.target().engine(engine);
    engine.finish();
    notes = EngineNotes.of(engine);
    refuseIf(maker.policy().refusal(notes, problem.type()));
    Descriptor restored = notes.isCompiledAtRunTime() ? restored() : null;
    plan = restored != null ? restored : planned(engine);
    workspaceBytes = plan.readLong(cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
    long limit = maker.policy().workspaceLimit();
    if (workspaceBytes > limit) {
      refuseIf("uses %d bytes of workspace, over the limit of %d".formatted(workspaceBytes, limit));
    }
    if (restored == null && notes.isCompiledAtRunTime() && maker.compiled().keeps()) {
      keep();
    }
  }

  private Descriptor planned(Descriptor engine) {
    Descriptor made =
        descriptor(cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
            .part(cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config(engine));
    maker.target().plan(made);
    return made.finish();
  }

  /** Returns the plan as an earlier run compiled it; null if none did. */
  private Descriptor restored() {
    byte[] text = maker.compiled().get(problem, choice);
    if (text == null) {
      return null;
    }
    try {
      Descriptor made = descriptor(cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      maker.target().plan(made);
      made.text(cudnn.CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, text);
      return made.finish();
    } catch (CudaException e) {
      LOG.warn("a plan on disk is not taken, and compiled again: {}", e.getMessage());
      return null;
    }
  }

  private void keep() {
    try {
      maker
          .compiled()
          .put(problem, choice, plan.readText(cudnn.CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION));
    } catch (CudaException e) {
      LOG.debug("cuDNN does not write this plan: {}", e.getMessage());
    }
  }

  private Descriptor descriptor(int type) {
    return new Descriptor(
        owned, maker.target().calls(), type, problem.text() + " with " + choice.text());
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
    return maker.target();
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
