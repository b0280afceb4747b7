package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.lrn_backward;
import org.bytedeco.dnnl.lrn_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnPlan;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Local response normalization across channels. */
final class OneDnnLrn extends OneDnnPlan implements LrnPlan {
  private static final dnnl.algorithm ACROSS = dnnl.algorithm.lrn_across_channels;

  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout saved; // null when oneDNN saves nothing
  private final Operation forward;
  private final Operation backward; // null when planned for inference

  OneDnnLrn(Dnnl context, LrnSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "local response norm", "x " + x.shape());
    this.x = x;
    memory.desc desc = x.desc();
    try (lrn_forward.primitive_desc description =
        describe(
            "",
            () ->
                new lrn_forward.primitive_desc(
                    context.engine(),
                    forwardKind(usage),
                    ACROSS,
                    desc,
                    desc,
                    spec.size(),
                    (float) spec.alpha(),
                    (float) spec.beta(),
                    (float) spec.k()))) {
      long savedBytes = usage.training() ? description.workspace_desc().get_size() : 0;
      saved = savedBytes == 0 ? null : OneDnnLayout.opaque(savedBytes);
      forward =
          operation("", description)
              .direct(dnnl.DNNL_ARG_SRC, "x", x)
              .direct(dnnl.DNNL_ARG_DST, "y", x)
              .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", saved)
              .build();
      backward = usage.training() ? planBackward(spec, description) : null;
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  private Operation planBackward(LrnSpec spec, lrn_forward.primitive_desc hint) {
    memory.desc desc = x.desc();
    try (primitive_desc description =
        describe(
            " gradient",
            () ->
                new lrn_backward.primitive_desc(
                    context().engine(),
                    ACROSS,
                    desc,
                    desc,
                    desc,
                    spec.size(),
                    (float) spec.alpha(),
                    (float) spec.beta(),
                    (float) spec.k(),
                    hint))) {
      return operation(" gradient", description)
          .direct(dnnl.DNNL_ARG_SRC, "x", x)
          .unread("y", x)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", x)
          .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", saved)
          .direct(dnnl.DNNL_ARG_DIFF_SRC, "dx", x)
          .build();
    }
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return saved;
  }

  @Override
  public void forward(Tensor source, Tensor y, Tensor savedTensor) {
    forward.run(source, y, savedTensor);
  }

  @Override
  public void backward(Tensor source, Tensor y, Tensor dy, Tensor savedTensor, Tensor dx) {
    planned(backward, "for inference").run(source, y, dy, savedTensor, dx);
  }
}
