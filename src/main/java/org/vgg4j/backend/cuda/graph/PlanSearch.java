package org.vgg4j.backend.cuda.graph;

import static java.util.Comparator.comparingInt;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;

/**
 * Goes through cuDNN's offers for one problem until enough of them are plans that may be used.
 * Closing frees the plans that were not taken.
 */
final class PlanSearch implements AutoCloseable {
  private final PlanMaker maker;
  private final ConvProblem problem;
  private final Set<EngineChoice> seen = new HashSet<>();
  private final List<BuiltPlan> found = new ArrayList<>();
  private int offered;
  private int compiled;
  private boolean hasBroken; // among what was found
  private CudaException last; // refusal, null while there was none
  private String lastRule; // by which the policy refused without asking cuDNN, null likewise

  PlanSearch(PlanMaker maker, ConvProblem problem) {
    this.maker = maker;
    this.problem = problem;
  }

  /**
   * Returns plans in cuDNN's order, none if there are none; after {@link #drop} the next ones.
   *
   * @param most how many to stop at
   * @param mostCompiled how many of them may be compiled at run time: that takes half a second each
   */
  List<BuiltPlan> find(int most, int mostCompiled) {
    offered = 0;
    for (int mode : EngineOffer.MODES) {
      for (EngineOffer offer : offers(mode)) {
        if (found.size() == most) {
          return List.copyOf(found);
        }
        offered++;
        if (seen.add(offer.choice()) && isAllowed(offer, mostCompiled)) {
          consider(offer.choice());
        }
      }
    }
    return List.copyOf(found);
  }

  private List<EngineOffer> offers(int mode) {
    try {
      List<EngineOffer> offers = EngineOffer.of(maker.target(), problem, mode);
      offers.sort(comparingInt(offer -> PlanPolicy.rank(offer.notes(), problem.type())));
      return offers;
    } catch (CudaException e) {
      last = e;
      return List.of();
    }
  }

  private boolean isAllowed(EngineOffer offer, int mostCompiled) {
    String rule = maker.policy().refusal(offer.notes(), problem.type());
    if (rule != null) {
      lastRule = offer.choice().text() + " " + rule;
      return false;
    }
    return !offer.notes().isCompiledAtRunTime() || compiled < mostCompiled;
  }

  private void consider(EngineChoice choice) {
    try {
      BuiltPlan plan = maker.make(problem, choice);
      found.add(plan);
      compiled += plan.notes().isCompiledAtRunTime() ? 1 : 0;
    } catch (CudaException e) {
      last = e;
    }
  }

  /** Frees a plan that was found and does not run; {@code reason} says why. */
  void drop(BuiltPlan plan, CudaException reason) {
    hasBroken = true;
    last = reason;
    compiled -= plan.notes().isCompiledAtRunTime() ? 1 : 0;
    take(plan).close();
  }

  /** Returns whether plans were dropped: then others may not run either. */
  boolean hasBroken() {
    return hasBroken;
  }

  /** Gives a plan that was found to the caller, who closes it from now on. */
  BuiltPlan take(BuiltPlan plan) {
    found.remove(plan);
    return plan;
  }

  @Override
  public void close() {
    try (Closing rest = new Closing()) {
      found.forEach(rest::own);
      found.clear();
    }
  }

  /** Returns what to throw when nothing was found. */
  CudaException failure() {
    String call = last != null ? last.call() : "cudnnBackendFinalize";
    int status = last != null ? last.status() : cudnn.CUDNN_STATUS_NOT_SUPPORTED;
    PlanPolicy policy = maker.policy();
    CudaException failure =
        new CudaException(
            call,
            status,
            "cuDNN has no plan for %s on %s within %d bytes of workspace: %s; use a smaller batch%s"
                .formatted(
                    problem.text(),
                    maker.target().name(),
                    policy.workspaceLimit(),
                    reason(),
                    policy.remedies(problem.type())));
    if (last != null) {
      failure.initCause(last);
    }
    return failure;
  }

  private String reason() {
    if (last != null) {
      return offered + " offered; " + last.getMessage();
    }
    return lastRule != null
        ? offered + " offered, none allowed: " + lastRule
        : "it offers none and gives no reason";
  }
}
