package org.vgg4j.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.lrn_backward;
import org.bytedeco.dnnl.lrn_forward;
import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnPlan;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Local response normalization across channels. */
final class OneDnnLrn implements LrnPlan {
  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout saved; // null when oneDNN keeps nothing
  private final Closing closing = new Closing();
  private final Primitive forward;
  private final Primitive backward; // null when planned for inference

  OneDnnLrn(Dnnl dnnl, LrnSpec spec, OneDnnLayout x, Usage usage) {
    this.x = x;
    memory.desc desc = x.desc();
    String what = "local response norm " + x.shape();
    prop_kind kind = usage.training() ? prop_kind.forward_training : prop_kind.forward_inference;
    try (lrn_forward.primitive_desc description =
        Dnnl.create(
            "local response norm",
            "x " + x.shape(),
            () ->
                new lrn_forward.primitive_desc(
                    dnnl.engine(),
                    kind,
                    algorithm.lrn_across_channels,
                    desc,
                    desc,
                    spec.size(),
                    (float) spec.alpha(),
                    (float) spec.beta(),
                    (float) spec.k()))) {
      long keptBytes = usage.training() ? description.workspace_desc().get_size() : 0;
      saved = keptBytes == 0 ? null : OneDnnLayout.opaque(keptBytes);
      lrn_forward primitive = new lrn_forward(description);
      forward =
          closing.own(
              saved == null
                  ? new Primitive(dnnl, what, primitive, DNNL_ARG_SRC, DNNL_ARG_DST)
                  : new Primitive(
                      dnnl, what, primitive, DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WORKSPACE));
      backward = usage.training() ? closing.own(planBackward(dnnl, spec, what, description)) : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private Primitive planBackward(
      Dnnl dnnl, LrnSpec spec, String what, lrn_forward.primitive_desc hint) {
    memory.desc desc = x.desc();
    try (lrn_backward.primitive_desc description =
        Dnnl.create(
            "local response norm gradient",
            "x " + x.shape(),
            () ->
                new lrn_backward.primitive_desc(
                    dnnl.engine(),
                    algorithm.lrn_across_channels,
                    desc,
                    desc,
                    desc,
                    spec.size(),
                    (float) spec.alpha(),
                    (float) spec.beta(),
                    (float) spec.k(),
                    hint))) {
      lrn_backward primitive = new lrn_backward(description);
      return saved == null
          ? new Primitive(
              dnnl,
              what + " gradient",
              primitive,
              DNNL_ARG_SRC,
              DNNL_ARG_DIFF_DST,
              DNNL_ARG_DIFF_SRC)
          : new Primitive(
              dnnl,
              what + " gradient",
              primitive,
              DNNL_ARG_SRC,
              DNNL_ARG_DIFF_DST,
              DNNL_ARG_DIFF_SRC,
              DNNL_ARG_WORKSPACE);
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
    OneDnnTensor from = OneDnnTensor.of(source).expect(x, "local response norm x");
    OneDnnTensor to = OneDnnTensor.of(y).expect(x, "local response norm y");
    if (saved == null) {
      forward.run(from, to);
    } else {
      forward.run(from, to, OneDnnTensor.of(savedTensor));
    }
  }

  @Override
  public void backward(Tensor source, Tensor y, Tensor dy, Tensor savedTensor, Tensor dx) {
    if (backward == null) {
      throw new IllegalStateException("this local response norm was planned for inference");
    }
    OneDnnTensor from = OneDnnTensor.of(source).expect(x, "local response norm x");
    OneDnnTensor down = OneDnnTensor.of(dy).expect(x, "local response norm dy");
    OneDnnTensor to = OneDnnTensor.of(dx).expect(x, "local response norm dx");
    if (saved == null) {
      backward.run(from, down, to);
    } else {
      backward.run(from, down, to, OneDnnTensor.of(savedTensor));
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
