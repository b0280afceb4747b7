package org.vgg4j.backend.cuda.operations;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.vgg4j.backend.cuda.graph.ConvOperation;
import org.vgg4j.backend.cuda.graph.ConvPlan;
import org.vgg4j.backend.cuda.graph.ConvPlans;
import org.vgg4j.backend.cuda.graph.ConvProblem;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Usage;

/**
 * Decides what a convolution does beside convolving. Each decision is given, or kept on disk, or
 * timed once on the GPU; for a GPU that is only described, what cuDNN offers counts as faster.
 * Deterministic engines fuse nothing whose sums have another order than the custom kernels'.
 */
final class Fusions {
  private static final String YES = "yes";
  private static final String NO = "no";

  private final CudaDevice device;
  private final boolean deterministic;
  private final Boolean recomputes; // null to leave it to a timing
  private final Map<String, String> given;
  private final Map<String, String> chosen = new TreeMap<>();
  private final Set<String> slower = new HashSet<>(); // what was timed and refused, at any batch

  /**
   * Starts without decisions.
   *
   * @param given what {@link #chosen} returned earlier
   */
  Fusions(CudaDevice device, boolean deterministic, Boolean recomputes, Map<String, String> given) {
    this.device = device;
    this.deterministic = deterministic;
    this.recomputes = recomputes;
    this.given = given;
  }

  /** Returns the decisions so far. */
  Map<String, String> chosen() {
    return chosen;
  }

  /**
   * Returns the faster of two plans; deterministic engines take sums as the custom kernels do.
   *
   * @param alone the convolution alone; custom kernels do the rest
   * @param with the convolution with a norm before it or statistics behind it, if cuDNN offers that
   */
  ConvPlan withNorm(ConvPlan alone, ConvProblem with, CudaLayout x, Conv2dSpec spec) {
    return deterministic ? alone : faster(alone, with, x, spec);
  }

  /**
   * Returns the faster of two plans; deterministic engines add the bias in the convolution's plan.
   *
   * @param with the convolution with its bias, if cuDNN offers that
   */
  ConvPlan withBias(ConvPlan alone, ConvProblem with, CudaLayout x, Conv2dSpec spec) {
    ConvPlan fused = deterministic ? device.plans().planOrNull(with) : null;
    return fused != null ? fused : deterministic ? alone : faster(alone, with, x, spec);
  }

  private ConvPlan faster(ConvPlan alone, ConvProblem with, CudaLayout x, Conv2dSpec spec) {
    String question = "fuse " + with.text();
    String anyBatch = anyBatch("fuse", with);
    ConvPlan fused = isRefused(question, anyBatch) ? null : device.plans().planOrNull(with);
    boolean fuses =
        fused != null
            && decide(
                question,
                anyBatch,
                () ->
                    device.isDescribed()
                        ? Optional.of(true)
                        : FusionTiming.isFaster(device, alone, fused, x, spec, true));
    if (!fuses) {
      device.plans().forget(with);
    }
    return fuses ? fused : alone;
  }

  /**
   * Returns whether a block leaves its batch norm and its ReLU to the next convolution.
   *
   * @param y the layout of the block's output
   * @param isWanted whether the net's memory asks for it, which the engine's options overrule
   */
  boolean defers(ConvBlockSpec block, CudaLayout y, boolean isWanted) {
    return recomputes != null
        ? recomputes
        : isWanted
            || (!deterministic && !device.isDescribed() && isDeferringFaster(block.next(), y));
  }

  /**
   * Either way writes y once more: here to store it, there to have it in the backward. There that
   * comes with a pass that is made in any case, so deferring has this reading of z to spare.
   */
  private boolean isDeferringFaster(Conv2dSpec next, CudaLayout y) {
    ConvPlans plans = device.plans();
    ConvProblem with = ConvProducts.problem(ConvOperation.NORM_FORWARD, next, y);
    String question = "defer " + with.text();
    String anyBatch = anyBatch("defer", with);
    ConvPlan fused = isRefused(question, anyBatch) ? null : plans.planOrNull(with);
    if (fused == null) {
      return false;
    }
    ConvPlan alone = plans.plan(ConvProducts.problem(ConvOperation.FORWARD, next, y));
    boolean defers =
        decide(
            question, anyBatch, () -> FusionTiming.isFaster(device, alone, fused, y, next, false));
    if (!defers) {
      plans.forget(with);
    }
    return defers;
  }

  /**
   * Returns whether a net's first block is computed by kernels of its own. Their sums have a fixed
   * order, so deterministic engines take them always. Where there is no memory for a timing they
   * are taken as well, since they need less.
   */
  boolean isFirst(ConvBlockSpec block, CudaLayout x, Usage usage) {
    if (deterministic) {
      return true;
    }
    String question = FirstShape.question(block, x, usage);
    CudaLayout one = CudaLayout.filledPixels(x.shape().withBatch(1), x.dtype());
    String anyBatch = FirstShape.question(block, one, usage);
    return !isRefused(question, anyBatch)
        && decide(
            question,
            anyBatch,
            true,
            () -> device.isDescribed() ? Optional.of(true) : isFirstFaster(block, x, usage));
  }

  private Optional<Boolean> isFirstFaster(ConvBlockSpec block, CudaLayout x, Usage usage) {
    // What the next convolution could take over is another question.
    ConvBlockSpec alone = new ConvBlockSpec(block.conv(), block.batchNorm(), block.pool());
    return BlockTiming.isFaster(
        device,
        alone,
        x,
        usage,
        (owned, memory) ->
            owned.own(
                Closing.building(
                    parts -> new CudaFirstBlock(parts, device, alone, x, null, usage, memory))),
        (owned, memory) -> owned.own(CudaConvBlock.apart(device, alone, x, null, usage, memory)));
  }

  /**
   * Returns whether the answer is no already, so that no plan need be made: cuDNN compiles each for
   * half a second and more. What was slower for one batch size is not tried for another.
   */
  private boolean isRefused(String question, String anyBatch) {
    String answer = answered(question);
    if (answer == null && slower.contains(anyBatch)) {
      answer = NO;
      device.plans().keep(question, answer);
    }
    if (NO.equals(answer)) {
      chosen.put(question, answer);
    }
    return NO.equals(answer);
  }

  /** Returns the answer that was given, else the one on disk, null without one. */
  private String answered(String question) {
    String answer = chosen.get(question);
    answer = answer != null ? answer : known(given.get(question));
    return answer != null ? answer : known(device.plans().kept(question));
  }

  /** As below; a timing without a result means no. */
  private boolean decide(String question, String anyBatch, Supplier<Optional<Boolean>> timed) {
    return decide(question, anyBatch, false, timed);
  }

  /**
   * Takes the answer that there is, else times.
   *
   * @param untimed what a timing without a result means
   */
  private boolean decide(
      String question, String anyBatch, boolean untimed, Supplier<Optional<Boolean>> timed) {
    String answer = answered(question);
    if (answer == null) {
      Optional<Boolean> result = timed.get();
      answer = result.orElse(untimed) ? YES : NO;
      if (result.isPresent()) {
        device.plans().keep(question, answer);
      }
      if (result.isPresent() && answer.equals(NO)) {
        slower.add(anyBatch);
      }
    }
    chosen.put(question, answer);
    return answer.equals(YES);
  }

  private static String anyBatch(String verb, ConvProblem with) {
    return verb + " " + new ConvProblem(with.operation(), with.shape().withBatch(1), with.type());
  }

  private static String known(String answer) {
    return YES.equals(answer) || NO.equals(answer) ? answer : null;
  }
}
