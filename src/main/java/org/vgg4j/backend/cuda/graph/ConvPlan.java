package org.vgg4j.backend.cuda.graph;

import java.util.OptionalDouble;

/**
 * A plan for a problem, shared by all who ask for the same one. cuDNN's part of it is there from
 * the search on, in case it is run. It is freed with the last {@link PlanRun}, or, without one, by
 * {@link ConvPlans#releaseUnused}; it is made again when it is needed again.
 */
public final class ConvPlan {
  private final ConvPlans plans;
  private final ConvProblem problem;
  private final EngineChoice choice; // null where cuDNN was not asked, like the notes
  private final EngineNotes notes;
  private final long workspaceBytes;
  private final double millis; // NaN if it was not timed
  private BuiltPlan built; // null while nobody needs it
  private int runs;

  ConvPlan(ConvPlans plans, BuiltPlan built, double millis) {
    this.plans = plans;
    this.built = built;
    this.millis = millis;
    problem = built.problem();
    choice = built.choice();
    notes = built.notes();
    workspaceBytes = built.workspaceBytes();
  }

  /** A plan that was not made: cuDNN was not asked. */
  ConvPlan(ConvPlans plans, ConvProblem problem, long workspaceBytes) {
    this.plans = plans;
    this.problem = problem;
    this.workspaceBytes = workspaceBytes;
    choice = null;
    notes = null;
    millis = Double.NaN;
  }

  public ConvProblem problem() {
    return problem;
  }

  /** Returns how many bytes of workspace a run needs. */
  public long workspaceBytes() {
    return workspaceBytes;
  }

  /** Returns the global index of cuDNN's engine. */
  public long engine() {
    return choice.engine();
  }

  /** Returns engine and knobs as {@link ConvPlans#chosen} has them. */
  public String choice() {
    return choice.text();
  }

  public EngineNotes notes() {
    return notes;
  }

  /** Returns the time of one run in milliseconds, if this process has timed it. */
  public OptionalDouble millis() {
    return Double.isNaN(millis) ? OptionalDouble.empty() : OptionalDouble.of(millis);
  }

  /**
   * Returns a new run, which the caller closes. That of a plan for a described GPU refuses to be
   * executed.
   *
   * @throws org.vgg4j.backend.cuda.calls.CudaException when cuDNN refuses to make the plan again
   */
  public synchronized PlanRun newRun() {
    if (!plans.canRun()) {
      return new PlanRun(problem);
    }
    if (built == null) {
      built = plans.rebuild(problem, choice);
    }
    runs++;
    return new PlanRun(built, this::giveUp);
  }

  private synchronized void giveUp() {
    runs--;
    releaseUnused();
  }

  synchronized void releaseUnused() {
    if (runs == 0) {
      release();
    }
  }

  /** Frees cuDNN's part. */
  synchronized void release() {
    if (built != null) {
      BuiltPlan old = built;
      built = null;
      old.close();
    }
  }
}
