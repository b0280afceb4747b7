package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/**
 * What max pooling and local response normalization share. A training forward saves oneDNN's
 * workspace.
 *
 * @param <F> the descriptor of the forward primitive
 */
abstract class OneDnnWindow<F extends primitive_desc> extends OneDnnPlan implements WindowPlan {
  final OneDnnLayout x; // (N, C, H, W)
  private final boolean backwardReadsX;
  private OneDnnLayout y; // (N, C, P, Q)
  private OneDnnLayout saved; // null when oneDNN saves nothing
  private Operation forward;
  private Operation backward; // null when planned for inference

  /** Takes whether the backward reads x; that of max pooling needs only what was saved. */
  OneDnnWindow(Dnnl context, String operation, OneDnnLayout x, boolean backwardReadsX) {
    super(context, operation, "x " + x.shape());
    this.x = x;
    this.backwardReadsX = backwardReadsX;
  }

  abstract F forwardDescription(dnnl.prop_kind kind);

  abstract primitive_desc backwardDescription(F hint, memory.desc yDesc);

  /** Plans the primitives, once a subclass can describe them. */
  final void plan(Usage usage, Shape yShape) {
    try (F description = describe("", () -> forwardDescription(forwardKind(usage)))) {
      y = OneDnnLayout.of(yShape, description.dst_desc(0));
      long savedBytes = usage.training() ? description.workspace_desc().get_size() : 0;
      saved = savedBytes == 0 ? null : OneDnnLayout.opaque(savedBytes);
      forward =
          operation("", description)
              .direct(dnnl.DNNL_ARG_SRC, "x", x)
              .direct(dnnl.DNNL_ARG_DST, "y", y)
              .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", saved)
              .build();
      backward = usage.training() ? planBackward(description) : null;
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  private Operation planBackward(F hint) {
    String part = " gradient";
    try (primitive_desc description = describe(part, () -> backwardDescription(hint, y.desc()))) {
      Operation.Builder operands = operation(part, description);
      return (backwardReadsX ? operands.direct(dnnl.DNNL_ARG_SRC, "x", x) : operands.unread("x", x))
          .unread("y", y)
          .input(dnnl.DNNL_ARG_DIFF_DST, "dy", y, description.diff_dst_desc(0))
          .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", saved)
          .output(dnnl.DNNL_ARG_DIFF_SRC, "dx", x, description.diff_src_desc(0))
          .build();
    }
  }

  @Override
  public final Layout y() {
    return y;
  }

  @Override
  public final Layout saved() {
    return saved;
  }

  @Override
  public final void forward(Tensor source, Tensor target, Tensor savedTensor) {
    forward.run(source, target, savedTensor);
  }

  @Override
  public final void backward(
      Tensor source, Tensor target, Tensor dy, Tensor savedTensor, Tensor dx) {
    planned(backward, "for inference").run(source, target, dy, savedTensor, dx);
  }
}
