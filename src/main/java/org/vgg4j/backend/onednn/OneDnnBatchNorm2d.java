package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Batch normalization with a fused ReLU. A training forward saves the mean (C), the biased variance
 * (C) and oneDNN's ReLU mask, side by side.
 */
final class OneDnnBatchNorm2d extends OneDnnPlan implements BatchNorm2dPlan {
  private final BatchNorm2dSpec spec;
  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout perChannel; // (C)
  private final OneDnnLayout maskLayout; // null without a ReLU
  private final SavedStatistics saved; // and the mask; null when planned for inference
  private final double unbias; // N H W / (N H W - 1)
  private final RunningStatistics running;
  private final BatchStatistics statistics; // null when oneDNN measures them
  private final Operation training; // null when planned for inference
  private final Operation again; // normalises with what was saved; null likewise
  private final Operation inference;
  private final Operation backward; // null when planned for inference
  private final SharedStatistics shared; // null unless they are of all parts of a batch
  private final ChannelLine line; // adds their gradient; null likewise

  OneDnnBatchNorm2d(Dnnl context, BatchNorm2dSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "batch norm", "x " + x.shape());
    this.spec = spec;
    this.x = x;
    spec.y(x.shape());
    perChannel = OneDnnLayout.plain(spec.parameter(), DType.F32);
    running = new RunningStatistics(context, spec);
    long count = x.shape().elementCount() / spec.channels();
    if (usage.training()) {
      spec.requireTrainable(x.shape());
    }
    unbias = (double) count / (count - 1);
    statistics = usage.training() && !spec.frozen() ? BatchStatistics.of(context, x) : null;
    try {
      try (primitive_desc description = describe(dnnl.prop_kind.forward_inference, true)) {
        inference = planForward(" inference", description, null);
      }
      if (usage.training()) {
        try (batch_normalization_forward.primitive_desc description =
            describe(dnnl.prop_kind.forward_training, spec.frozen())) {
          long maskBytes = spec.relu() ? description.workspace_desc().get_size() : 0;
          maskLayout = spec.relu() ? OneDnnLayout.opaque(maskBytes) : null;
          saved = new SavedStatistics(perChannel, maskLayout);
          training = statistics == null ? planForward("", description, maskLayout) : planGiven("");
          again = planGiven(" again");
          boolean isShared = spec.isShared();
          shared =
              isShared
                  ? new SharedStatistics(spec.sums(), spec.channels(), count, spec.epsilon())
                  : null;
          line = isShared ? new ChannelLine(this, x) : null;
          backward = planBackward(description, isShared || spec.frozen());
        }
      } else {
        training = null;
        again = null;
        backward = null;
        shared = null;
        line = null;
        maskLayout = null;
        saved = null;
      }
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  private int flags(boolean runningStatistics) {
    return dnnl.normalization_flags.use_scale.value
        | dnnl.normalization_flags.use_shift.value
        | (runningStatistics ? dnnl.normalization_flags.use_global_stats.value : 0)
        | (spec.relu() ? dnnl.normalization_flags.fuse_norm_relu.value : 0);
  }

  private batch_normalization_forward.primitive_desc describe(
      dnnl.prop_kind kind, boolean runningStatistics) {
    memory.desc desc = x.desc();
    return describe(
        "",
        () ->
            new batch_normalization_forward.primitive_desc(
                context().engine(),
                kind.value,
                desc,
                desc,
                (float) spec.epsilon(),
                flags(runningStatistics)));
  }

  private Operation planForward(String part, primitive_desc description, OneDnnLayout maskOrNull) {
    return operation(part, description)
        .direct(dnnl.DNNL_ARG_SRC, "x", x)
        .direct(dnnl.DNNL_ARG_SCALE, "gamma", perChannel)
        .direct(dnnl.DNNL_ARG_SHIFT, "beta", perChannel)
        .direct(dnnl.DNNL_ARG_MEAN, "runningMean", perChannel)
        .direct(dnnl.DNNL_ARG_VARIANCE, "runningVar", perChannel)
        .direct(dnnl.DNNL_ARG_DST, "y", x)
        .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", maskOrNull)
        .build();
  }

  /** Statistics that are given make oneDNN's normalization do all but measure them. */
  private Operation planGiven(String part) {
    try (primitive_desc description = describe(dnnl.prop_kind.forward_training, true)) {
      return planForward(part, description, maskLayout);
    }
  }

  /** Statistics that count as given have no gradient of their own. */
  private Operation planBackward(
      batch_normalization_forward.primitive_desc hint, boolean areGiven) {
    memory.desc desc = x.desc();
    try (primitive_desc description =
        describe(
            " gradient",
            () ->
                new batch_normalization_backward.primitive_desc(
                    context().engine(),
                    dnnl.prop_kind.backward.value,
                    desc,
                    desc,
                    desc,
                    (float) spec.epsilon(),
                    flags(areGiven),
                    hint))) {
      return operation(" gradient", description)
          .direct(dnnl.DNNL_ARG_SRC, "x", x)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", x)
          .direct(dnnl.DNNL_ARG_SCALE, "gamma", perChannel)
          .unread("beta", perChannel)
          .direct(dnnl.DNNL_ARG_MEAN, "saved", perChannel)
          .direct(dnnl.DNNL_ARG_VARIANCE, "saved", perChannel)
          .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", maskLayout)
          .direct(dnnl.DNNL_ARG_DIFF_SRC, "dx", x)
          .direct(dnnl.DNNL_ARG_DIFF_SCALE, "dgamma", perChannel)
          .direct(dnnl.DNNL_ARG_DIFF_SHIFT, "dbeta", perChannel)
          .build();
    }
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return saved == null ? null : saved.layout();
  }

  @Override
  public void forwardTraining(
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor savedTensor) {
    run(xTensor, gamma, beta, runningMean, runningVar, y, savedTensor, !spec.frozen());
  }

  @Override
  public void forwardAgain(
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor savedTensor) {
    run(xTensor, gamma, beta, runningMean, runningVar, y, savedTensor, false);
  }

  @Override
  public void normalizeAgain(
      Tensor xTensor, Tensor gamma, Tensor beta, Tensor y, Tensor savedTensor) {
    Operation normalize = planned(again, "for inference");
    saved.bind(savedTensor, operand("saved"));
    normalize.run(xTensor, gamma, beta, saved.mean(), saved.variance(), y, saved.rest());
  }

  private void run(
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor savedTensor,
      boolean moves) {
    Operation forward = planned(training, "for inference");
    OneDnnTensor means = OneDnnTensor.of(runningMean, perChannel, "batch norm runningMean");
    OneDnnTensor variances = OneDnnTensor.of(runningVar, perChannel, "batch norm runningVar");
    saved.bind(savedTensor, operand("saved"));
    if (spec.frozen()) {
      running.copy(means, saved.mean());
      running.copy(variances, saved.variance());
    }
    if (shared != null && !moves) {
      shared.write(saved.mean(), saved.variance());
      again.run(xTensor, gamma, beta, saved.mean(), saved.variance(), y, saved.rest());
      return;
    }
    if (statistics != null) {
      statistics.measure(
          OneDnnTensor.of(xTensor, x, "batch norm x"), saved.mean(), saved.variance());
    }
    if (shared == null || statistics == null) {
      forward.run(xTensor, gamma, beta, saved.mean(), saved.variance(), y, saved.rest());
    }
    if (shared != null) {
      shared.exchange(saved.mean(), saved.variance());
      again.run(xTensor, gamma, beta, saved.mean(), saved.variance(), y, saved.rest());
    }
    if (moves) {
      running.move(
          means,
          variances,
          saved.mean(),
          saved.variance(),
          shared == null ? unbias : shared.unbias());
    }
  }

  @Override
  public void forwardInference(
      Tensor xTensor, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar, Tensor y) {
    inference.run(xTensor, gamma, beta, runningMean, runningVar, y, null);
  }

  @Override
  public void backward(
      Tensor xTensor,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor savedTensor,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta) {
    Operation gradients = planned(backward, "for inference");
    saved.bind(savedTensor, operand("saved"));
    gradients.run(
        xTensor, dy, gamma, beta, saved.mean(), saved.variance(), saved.rest(), dx, dgamma, dbeta);
    if (shared != null) {
      shared.backward(
          OneDnnTensor.of(gamma, perChannel, "batch norm gamma"),
          OneDnnTensor.of(dgamma, perChannel, "batch norm dgamma"),
          OneDnnTensor.of(dbeta, perChannel, "batch norm dbeta"));
      line.add(xTensor, shared.slope(), shared.offset(), dx);
    }
  }
}
