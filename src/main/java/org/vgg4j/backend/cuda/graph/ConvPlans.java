package org.vgg4j.backend.cuda.graph;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.cuda.global.cudnn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.tensor.ChoiceCache;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Finds and keeps the plans of one engine, by problem. Deterministic plans are the first of cuDNN's
 * list that the policy allows; others were given, or are cached on disk, or are timed here, in this
 * order. On a GPU that is only described nothing is timed.
 */
public final class ConvPlans implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConvPlans.class);
  private static final int TIMED = 4;
  private static final int TIMED_COMPILED = 2;

  private final Closing owned;
  private final PlanMaker maker; // null where cuDNN is not asked
  private final PlanPolicy policy;
  private final ChoiceCache cache; // likewise
  private final AssumedPlans assumed; // null where cuDNN answers everything
  private final Map<ConvProblem, ConvPlan> plans = new HashMap<>();
  private final Map<ConvProblem, CudaException> refused = new HashMap<>();
  private final Map<String, String> chosen = new TreeMap<>();
  private boolean hasWarned; // of a choice that cannot be taken

  /**
   * Makes plans for an open GPU.
   *
   * @param folder where to keep between runs what was timed and what was compiled, or null
   */
  public static ConvPlans on(CudaContext context, PlanPolicy policy, Path folder) {
    return Closing.building(
        owned -> new ConvPlans(owned, PlanTarget.of(context), policy, folder, null));
  }

  /**
   * Makes plans for a GPU that is only described; they cannot be run. cuDNN must have been loaded;
   * see {@code CudaLibraries.loadForPlanning}.
   *
   * @param folder where to keep between runs what was compiled, or null
   */
  public static ConvPlans on(DeviceDescription device, PlanPolicy policy, Path folder) {
    return Closing.building(
        owned -> new ConvPlans(owned, PlanTarget.of(owned, device), policy, folder, null));
  }

  /**
   * As {@link #on(DeviceDescription, PlanPolicy, Path)}, but fusions are assumed: cuDNN compiles
   * them at run time, which needs a driver and takes a second each.
   */
  public static ConvPlans withAssumedFusions(DeviceDescription device, PlanPolicy policy) {
    return Closing.building(
        owned ->
            new ConvPlans(
                owned,
                PlanTarget.of(owned, device),
                policy,
                null,
                new AssumedPlans(device, policy)));
  }

  /**
   * Assumes plans for a GPU that is only described, with estimated workspaces: for where cuDNN is
   * not. They cannot be run.
   */
  public static ConvPlans assumed(DeviceDescription device, PlanPolicy policy) {
    return new ConvPlans(policy, new AssumedPlans(device, policy));
  }

  private ConvPlans(PlanPolicy policy, AssumedPlans assumed) {
    owned = new Closing();
    this.policy = policy;
    this.assumed = assumed;
    maker = null;
    cache = null;
  }

  private ConvPlans(
      Closing owned, PlanTarget target, PlanPolicy policy, Path folder, AssumedPlans assumed) {
    this.owned = owned;
    this.policy = policy;
    this.assumed = assumed;
    long version = CudnnCalls.cudnnGetVersion();
    maker = new PlanMaker(target, policy, new CompiledPlans(folder, target.name(), version));
    boolean keeps = folder != null && !policy.deterministic();
    cache = new ChoiceCache(keeps ? folder.resolve(cacheName(target, version, policy)) : null);
  }

  private static String cacheName(PlanTarget target, long version, PlanPolicy policy) {
    return "convolution-plans-%s-cudnn%d-%s-%d.txt"
        .formatted(
            target.name().replaceAll("[^A-Za-z0-9]+", "-"),
            version,
            policy.strict() ? "fp32" : "tf32",
            policy.workspaceLimit());
  }

  /**
   * Returns the plan for a problem.
   *
   * @throws InvalidInputException when cuDNN offers none that the policy allows, with cuDNN's
   *     reason and what to change, or when the GPU has no arithmetic in the type
   * @throws CudaException when cuDNN fails in another way
   */
  public ConvPlan plan(ConvProblem problem) {
    ConvPlan plan = planOrNull(problem);
    if (plan == null) {
      CudaException first = refused.get(problem);
      // The more specific statuses follow it in the same thousand.
      if (first.status() / 1000 == cudnn.CUDNN_STATUS_NOT_SUPPORTED / 1000) {
        throw new InvalidInputException(first.getMessage(), first);
      }
      CudaException again = new CudaException(first.call(), first.status(), first.getMessage());
      again.initCause(first);
      throw again;
    }
    return plan;
  }

  /**
   * Returns the plan for a problem, null when cuDNN offers none that the policy allows.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the GPU has no arithmetic in the type
   */
  public ConvPlan planOrNull(ConvProblem problem) {
    if (maker == null) {
      assumed.device().require(problem.type());
      return assume(problem);
    }
    maker.target().require(problem.type());
    if (assumed != null && problem.operation().isFusion()) {
      return assume(problem);
    }
    ConvPlan plan = plans.get(problem);
    if (plan == null && !refused.containsKey(problem)) {
      plan = find(problem);
      if (plan != null) {
        plans.put(problem, plan);
        if (!canRun()) {
          plan.release();
        }
        chosen.put(problem.text(), plan.choice());
      }
    }
    return plan;
  }

  private ConvPlan assume(ConvProblem problem) {
    return assumed.offers(problem)
        ? new ConvPlan(this, problem, assumed.workspaceBytes(problem))
        : null;
  }

  /** Leaves a plan that lost out of the choices: a run that takes the answer never asks for it. */
  public void forget(ConvProblem problem) {
    chosen.remove(problem.text());
  }

  /** Returns the choices so far, problem to engine and knobs. */
  public Map<String, String> chosen() {
    return Map.copyOf(chosen);
  }

  /** Returns the answer to another question that was timed on this GPU, null if none was kept. */
  public String kept(String question) {
    return cache == null ? null : cache.get(question);
  }

  /** Keeps an answer for later runs beside the plans; nothing on a GPU that is only described. */
  public void keep(String question, String answer) {
    if (canRun()) {
      cache.put(question, answer);
    }
  }

  private ConvPlan find(ConvProblem problem) {
    if (policy.deterministic()) {
      return search(problem, 1, 1);
    }
    ConvPlan plan = known(problem, policy.choices().get(problem.text()));
    if (plan == null) {
      plan = known(problem, cache.get(problem.text()));
    }
    if (plan == null) {
      boolean canTime = maker.target().context() != null;
      plan = search(problem, canTime ? TIMED : 1, canTime ? TIMED_COMPILED : 1);
    }
    return plan;
  }

  /** Returns null if there is no choice, or it is from another version, or it is not allowed. */
  private ConvPlan known(ConvProblem problem, String text) {
    if (text == null) {
      return null;
    }
    EngineChoice choice = EngineChoice.of(text);
    if (choice == null) {
      warn("'" + text + "' is no plan for " + problem.text());
      return null;
    }
    try {
      return new ConvPlan(this, rebuild(problem, choice), Double.NaN);
    } catch (CudaException e) {
      warn(e.getMessage());
      return null;
    }
  }

  /** One line, however many there are: after a change of precision that is every convolution. */
  private void warn(String reason) {
    String text = "a plan that was kept cannot be taken, and is chosen anew: {}";
    if (hasWarned) {
      LOG.debug(text, reason);
    } else {
      LOG.warn(text, reason);
      hasWarned = true;
    }
  }

  private ConvPlan search(ConvProblem problem, int most, int mostCompiled) {
    return Closing.building(
        owned -> {
          try (PlanSearch search = new PlanSearch(maker, problem)) {
            PlanTimer.Result best = best(search, most, mostCompiled);
            if (best == null) {
              refused.put(problem, search.failure());
              return null;
            }
            if (best.isLasting()) {
              cache.put(problem.text(), best.plan().choice().text());
            }
            BuiltPlan taken = owned.own(search.take(best.plan()));
            return new ConvPlan(this, taken, best.millis());
          }
        });
  }

  /** Returns the first plan or the fastest; null if there is none, or none that runs. */
  private PlanTimer.Result best(PlanSearch search, int most, int mostCompiled) {
    CudaContext context = maker.target().context();
    PlanTimer.Result best = null;
    List<BuiltPlan> found = search.find(most, mostCompiled);
    while (best == null && !found.isEmpty()) {
      if (context == null || policy.deterministic()) {
        best = new PlanTimer.Result(found.get(0), Double.NaN, false);
      } else if (found.size() == 1 && !search.hasBroken()) {
        best = new PlanTimer.Result(found.get(0), Double.NaN, true);
      } else {
        best = PlanTimer.fastest(context, found, policy.workspaceLimit(), search::drop);
        found = best == null ? search.find(most, mostCompiled) : found;
      }
    }
    return best;
  }

  /**
   * Frees cuDNN's part of the plans that nobody runs, such as those that turned out slower than a
   * fusion; for when a net is built.
   */
  public void releaseUnused() {
    plans.values().forEach(ConvPlan::releaseUnused);
  }

  BuiltPlan rebuild(ConvProblem problem, EngineChoice choice) {
    return maker.make(problem, choice);
  }

  /** Returns whether the plans are for a GPU that is open. */
  boolean canRun() {
    return maker != null && maker.target().context() != null;
  }

  @Override
  public void close() {
    plans.values().forEach(plan -> owned.own(plan::release));
    plans.clear();
    owned.close();
  }
}
