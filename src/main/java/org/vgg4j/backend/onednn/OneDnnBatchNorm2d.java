package org.vgg4j.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl.normalization_flags;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Batch normalization with its ReLU fused. What a training forward saves is, side by side: the mean
 * (C), the biased variance (C) and oneDNN's record of where the ReLU let through.
 */
final class OneDnnBatchNorm2d implements BatchNorm2dPlan {
  private final Dnnl dnnl;
  private final BatchNorm2dSpec spec;
  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout perChannel; // (C)
  private final OneDnnLayout maskLayout; // null without a ReLU
  private final OneDnnLayout savedLayout;
  private final double unbias; // N H W / (N H W - 1)
  private final float[] running;
  private final float[] batch;
  private final Closing closing = new Closing();
  private final Primitive training;
  private final Primitive inference;
  private final Primitive backward;

  private OneDnnTensor saved; // the tensor that the three below are parts of
  private OneDnnTensor mean;
  private OneDnnTensor variance;
  private OneDnnTensor mask;

  OneDnnBatchNorm2d(Dnnl dnnl, BatchNorm2dSpec spec, OneDnnLayout x, Usage usage) {
    this.dnnl = dnnl;
    this.spec = spec;
    this.x = x;
    spec.y(x.shape());
    perChannel = OneDnnLayout.plain(spec.parameter(), DType.F32);
    running = new float[spec.channels()];
    batch = new float[spec.channels()];
    long count = x.shape().elementCount() / spec.channels();
    if (usage.training() && !spec.frozen() && count < 2) {
      throw new InvalidInputException(
          "batch norm in training needs more than one value per channel, not an input of "
              + x.shape());
    }
    unbias = (double) count / (count - 1);
    try {
      inference = closing.own(planInference());
      if (usage.training()) {
        try (batch_normalization_forward.primitive_desc description =
            describe(prop_kind.forward_training, spec.frozen())) {
          maskLayout =
              spec.relu() ? OneDnnLayout.opaque(description.workspace_desc().get_size()) : null;
          training = closing.own(planTraining(description));
          backward = closing.own(planBackward(description));
        }
        savedLayout =
            OneDnnLayout.opaque(
                2 * Arena.align(perChannel.bytes())
                    + (maskLayout == null ? 0 : maskLayout.bytes()));
      } else {
        training = null;
        backward = null;
        maskLayout = null;
        savedLayout = null;
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private int flags(boolean runningStatistics) {
    return normalization_flags.use_scale.value
        | normalization_flags.use_shift.value
        | (runningStatistics ? normalization_flags.use_global_stats.value : 0)
        | (spec.relu() ? normalization_flags.fuse_norm_relu.value : 0);
  }

  private batch_normalization_forward.primitive_desc describe(
      prop_kind kind, boolean runningStatistics) {
    memory.desc desc = x.desc();
    return Dnnl.create(
        "batch norm",
        "x " + x.shape(),
        () ->
            new batch_normalization_forward.primitive_desc(
                dnnl.engine(),
                kind.value,
                desc,
                desc,
                (float) spec.epsilon(),
                flags(runningStatistics)));
  }

  private Primitive planInference() {
    try (batch_normalization_forward.primitive_desc description =
        describe(prop_kind.forward_inference, true)) {
      return new Primitive(
          dnnl,
          "batch norm inference " + x.shape(),
          new batch_normalization_forward(description),
          DNNL_ARG_SRC,
          DNNL_ARG_SCALE,
          DNNL_ARG_SHIFT,
          DNNL_ARG_MEAN,
          DNNL_ARG_VARIANCE,
          DNNL_ARG_DST);
    }
  }

  private Primitive planTraining(batch_normalization_forward.primitive_desc description) {
    String what = "batch norm " + x.shape();
    batch_normalization_forward primitive = new batch_normalization_forward(description);
    return spec.relu()
        ? new Primitive(
            dnnl,
            what,
            primitive,
            DNNL_ARG_SRC,
            DNNL_ARG_SCALE,
            DNNL_ARG_SHIFT,
            DNNL_ARG_MEAN,
            DNNL_ARG_VARIANCE,
            DNNL_ARG_DST,
            DNNL_ARG_WORKSPACE)
        : new Primitive(
            dnnl,
            what,
            primitive,
            DNNL_ARG_SRC,
            DNNL_ARG_SCALE,
            DNNL_ARG_SHIFT,
            DNNL_ARG_MEAN,
            DNNL_ARG_VARIANCE,
            DNNL_ARG_DST);
  }

  private Primitive planBackward(batch_normalization_forward.primitive_desc hint) {
    memory.desc desc = x.desc();
    try (batch_normalization_backward.primitive_desc description =
        Dnnl.create(
            "batch norm gradient",
            "x " + x.shape(),
            () ->
                new batch_normalization_backward.primitive_desc(
                    dnnl.engine(),
                    prop_kind.backward.value,
                    desc,
                    desc,
                    desc,
                    (float) spec.epsilon(),
                    flags(spec.frozen()),
                    hint))) {
      String what = "batch norm gradient " + x.shape();
      batch_normalization_backward primitive = new batch_normalization_backward(description);
      int[] arguments = {
        DNNL_ARG_SRC,
        DNNL_ARG_MEAN,
        DNNL_ARG_VARIANCE,
        DNNL_ARG_DIFF_DST,
        DNNL_ARG_SCALE,
        DNNL_ARG_DIFF_SRC,
        DNNL_ARG_DIFF_SCALE,
        DNNL_ARG_DIFF_SHIFT,
        DNNL_ARG_WORKSPACE
      };
      int count = spec.relu() ? arguments.length : arguments.length - 1;
      return new Primitive(dnnl, what, primitive, java.util.Arrays.copyOf(arguments, count));
    }
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return savedLayout;
  }

  private void bind(Tensor savedTensor) {
    OneDnnTensor now = OneDnnTensor.of(savedTensor);
    if (saved != now) {
      long step = Arena.align(perChannel.bytes());
      saved = now.expect(savedLayout, "batch norm's saved tensor");
      mean = saved.part(0, perChannel);
      variance = saved.part(step, perChannel);
      mask = maskLayout == null ? null : saved.part(2 * step, maskLayout);
    }
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
    if (training == null) {
      throw new IllegalStateException("this batch norm was planned for inference");
    }
    bind(savedTensor);
    if (spec.frozen()) {
      copy(runningMean, mean);
      copy(runningVar, variance);
    }
    OneDnnTensor source = OneDnnTensor.of(xTensor).expect(x, "batch norm x");
    OneDnnTensor target = OneDnnTensor.of(y).expect(x, "batch norm y");
    OneDnnTensor scale = OneDnnTensor.of(gamma);
    OneDnnTensor shift = OneDnnTensor.of(beta);
    if (spec.relu()) {
      training.run(source, scale, shift, mean, variance, target, mask);
    } else {
      training.run(source, scale, shift, mean, variance, target);
    }
    if (!spec.frozen()) {
      average(runningMean, mean, 1);
      average(runningVar, variance, unbias);
    }
  }

  private void copy(Tensor from, OneDnnTensor to) {
    from.download(batch);
    to.upload(batch, 0);
  }

  /** into = (1 - f) into + f value * factor. */
  private void average(Tensor into, OneDnnTensor value, double factor) {
    double f = spec.exponentialAverageFactor();
    into.download(running);
    value.download(batch);
    for (int c = 0; c < running.length; c++) {
      running[c] = (float) ((1 - f) * running[c] + f * factor * batch[c]);
    }
    into.upload(running, 0);
  }

  @Override
  public void forwardInference(
      Tensor xTensor, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar, Tensor y) {
    inference.run(
        OneDnnTensor.of(xTensor).expect(x, "batch norm x"),
        OneDnnTensor.of(gamma),
        OneDnnTensor.of(beta),
        OneDnnTensor.of(runningMean),
        OneDnnTensor.of(runningVar),
        OneDnnTensor.of(y).expect(x, "batch norm y"));
  }

  @Override
  public void backward(
      Tensor xTensor,
      Tensor y,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor savedTensor,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta) {
    if (backward == null) {
      throw new IllegalStateException("this batch norm was planned for inference");
    }
    bind(savedTensor);
    OneDnnTensor source = OneDnnTensor.of(xTensor).expect(x, "batch norm x");
    OneDnnTensor down = OneDnnTensor.of(dy).expect(x, "batch norm dy");
    OneDnnTensor target = OneDnnTensor.of(dx).expect(x, "batch norm dx");
    OneDnnTensor scale = OneDnnTensor.of(gamma);
    OneDnnTensor dScale = OneDnnTensor.of(dgamma);
    OneDnnTensor dShift = OneDnnTensor.of(dbeta);
    if (spec.relu()) {
      backward.run(source, mean, variance, down, scale, target, dScale, dShift, mask);
    } else {
      backward.run(source, mean, variance, down, scale, target, dScale, dShift);
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
