package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.EngineException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ParameterLayouts;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Rewrite;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/** Turns a module into stages for one input shape and records what they need. */
final class ExecutionBuilder {
  /** Dropout's first stream; initial values and shuffles use other ranges. */
  private static final long DROPOUT_STREAMS = 1L << 32;

  final Backend backend;
  final StepState state;
  final NetworkState names;
  private final Closing closing;
  final ActivationMemory memory;
  private final Set<String> used = new HashSet<>();
  final List<Stage> stages = new ArrayList<>();
  long workspaceBytes;
  long againMultiplyAdds; // of what the blocks compute again
  final boolean recomputesNorms;
  final NormSums normSums; // null where norms have their own statistics
  private final Freezing freezing;
  private long streams;
  private List<Parameter> parameters; // of the stage being built, like the next two
  private long multiplyAdds;
  private long activationBytes;
  private Rewrite input; // of the stage being built, from the one before; null where it is kept
  private Rewrite output; // of the stage being built, null where it is kept
  private final List<Work> work = new ArrayList<>(); // of the stage being built, too

  ExecutionBuilder(
      Backend backend,
      StepState state,
      NetworkState names,
      NetworkOptions options,
      Freezing freezing,
      Closing closing) {
    this.backend = backend;
    this.state = state;
    this.names = names;
    this.closing = closing;
    recomputesNorms = options.training() && options.recomputation().norms();
    normSums = options.training() ? options.normSums() : null;
    this.freezing = freezing;
    memory = new ActivationMemory(options, freezing.leading());
  }

  /**
   * Adds a module's stages: those of its parts, or itself when it has none.
   *
   * @return the layout of the output
   */
  Layout add(String scope, Module module, Layout x, BuildContext context) {
    List<Module.Part> parts = module.parts();
    if (parts.isEmpty()) {
      return stage(scope, module, x, context);
    }
    Layout layout = x;
    Usage usage = context.usage();
    for (Module.Part part : parts) {
      layout = add(part.scope(), part.module(), layout, context.inner(scope, usage));
      usage = new Usage(usage.training(), usage.training());
    }
    return layout;
  }

  private Layout stage(String scope, Module module, Layout x, BuildContext context) {
    parameters = new ArrayList<>();
    multiplyAdds = 0;
    activationBytes = 0;
    work.clear();
    input = output;
    output = null;
    Usage usage = freezing.usage(stages.size(), context.usage());
    BuildContext inner = context.inner(scope, usage);
    try {
      Layout y = context.build(scope, module, x, usage);
      stages.add(
          new Stage(name(inner), module, x, y, parameters, multiplyAdds, activationBytes, work));
      memory.stageDone(x, y, multiplyAdds);
      return y;
    } catch (EngineException e) {
      e.seenIn("plan of " + name(inner));
      throw e;
    }
  }

  /** A block that spans several scopes is named after its first parameter's. */
  private String name(BuildContext inner) {
    String path = parameters.isEmpty() ? inner.prefix() : parameters.get(0).name();
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  /** Reserves a name for one module of this net. */
  String use(String name) {
    if (!used.add(name)) {
      throw new IllegalStateException("two modules of a net own " + name);
    }
    return name;
  }

  Parameter parameter(String name, ParameterLayouts layouts, Initializer initializer) {
    Parameter parameter = names.parameter(use(name), layouts, isFrozen(), initializer);
    parameters.add(parameter);
    return parameter;
  }

  /** Returns whether the stage being built is not trained. */
  boolean isFrozen() {
    return freezing.isFrozen(stages.size());
  }

  /** Returns whether the next stage is not trained. */
  boolean isNextFrozen() {
    return freezing.isFrozen(stages.size() + 1);
  }

  long nextStream() {
    return DROPOUT_STREAMS + streams++;
  }

  /** Takes a plan; its work follows that of the plans before. */
  <P extends Plan> P plan(P plan) {
    take(plan);
    work.addAll(plan.work());
    return plan;
  }

  /** Takes a plan of which only the backward runs, before those of the plans taken so far. */
  <P extends Plan> P planBackward(P plan) {
    take(plan);
    work.addAll(0, plan.work().stream().filter(w -> w.phase() == Work.Phase.BACKWARD).toList());
    return plan;
  }

  private void take(Plan plan) {
    closing.own(plan);
    workspaceBytes = Math.max(workspaceBytes, plan.workspaceBytes());
  }

  void multiplyAdds(long count) {
    multiplyAdds += count;
  }

  /** A module or a part of one is built. */
  void beginPart() {
    output = null;
  }

  /** What the part leaves is for the next part. */
  void endPart() {
    input = output;
  }

  Rewrite input() {
    return input;
  }

  void leave(Rewrite rewrite) {
    output = rewrite;
  }

  Slot counted(Slot slot) {
    activationBytes += memory.isPassedOver() ? 0 : Arena.align(slot.layout().bytes());
    return slot;
  }
}
