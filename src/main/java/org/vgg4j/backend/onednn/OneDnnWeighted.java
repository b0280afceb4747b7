package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WeightedSpec;

/**
 * What convolutions and linear layers share. The weights are stored in the order of their gradient,
 * so that the optimizer can sweep over both. The forward and the data gradient read copies in the
 * orders they prefer, in bf16 rounded.
 *
 * @param <F> the descriptor of the forward primitive
 */
abstract class OneDnnWeighted<F extends primitive_desc> extends OneDnnPlan implements WeightedPlan {
  final OneDnnLayout x; // (N, ...)
  final OneDnnLayout b; // (O), null without a bias
  final memory.desc bias; // empty without a bias
  final memory.desc wAny;
  final memory.desc dwAny;
  private final DType type;
  private final WeightedSpec spec;
  private final Shape wPhysical; // (O, ...)
  private OneDnnLayout y; // (N, O, ...)
  private OneDnnLayout w; // (O, ...)
  private Operation forward;
  private Operation data; // null when not asked for
  private Operation weights; // null when planned for inference
  private boolean plainLoops;

  /**
   * Takes what the primitives need.
   *
   * @param wPhysical the axes that oneDNN gives the weights; they flatten to the spec's
   * @param type that of x, y and w in the primitives, to and from which images are copied
   */
  OneDnnWeighted(
      Dnnl context,
      String operation,
      WeightedSpec spec,
      OneDnnLayout x,
      Shape wPhysical,
      DType type) {
    super(context, operation, "x " + x.shape() + ", w " + spec.w());
    this.spec = spec;
    this.x = x;
    this.wPhysical = wPhysical;
    this.type = type;
    wAny = Dnnl.any(wPhysical, type);
    dwAny = Dnnl.any(wPhysical, context.types().master());
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    bias = spec.bias() ? b.desc() : new memory.desc();
  }

  abstract F forwardDescription(dnnl.prop_kind kind, primitive_attr attributes, memory.desc yDesc);

  abstract primitive_desc weightsDescription(F hint);

  abstract primitive_desc dataDescription(F hint);

  /**
   * Plans the primitives, once a subclass can describe them.
   *
   * @param yDesc the preferred order of y
   * @param givenW the layout of existing weights, or null
   */
  final void plan(Usage usage, memory.desc yDesc, OneDnnLayout givenW) {
    try (F hint = describeForward(usage, false, yDesc)) {
      y = OneDnnLayout.of(spec.y(x.shape()), hint.dst_desc(0));
      DType stored = context().types().activation();
      y = stored == type ? y : y.plain(stored);
      w = givenW;
      if (usage.weightGradients()) {
        planWeights(hint);
      } else if (w == null) {
        boolean packed = !usage.exactWeights() || context().types().equals(Types.F32);
        w = weightsLayout(packed ? hint.weights_desc(0) : Dnnl.plain(wPhysical, DType.F32));
      }
      if (usage.training() && usage.inputGradient()) {
        planData(hint);
      }
      planForward(usage, hint.dst_desc(0));
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  private OneDnnLayout weightsLayout(memory.desc desc) {
    return OneDnnLayout.of(spec.w(), wPhysical, desc);
  }

  private F describeForward(Usage usage, boolean relu, memory.desc yDesc) {
    try (primitive_attr attributes = Dnnl.attributes(relu)) {
      return describe("", () -> forwardDescription(forwardKind(usage), attributes, yDesc));
    }
  }

  private void planForward(Usage usage, memory.desc yDesc) {
    try (F description = describeForward(usage, spec.relu(), yDesc)) {
      note(description);
      forward =
          operation("", description)
              .multiplyAdds(spec.multiplyAdds(x.shape()))
              .input(dnnl.DNNL_ARG_SRC, "x", x, description.src_desc(0))
              .input(dnnl.DNNL_ARG_WEIGHTS, "w", w, description.weights_desc(0))
              .direct(dnnl.DNNL_ARG_BIAS, "b", b)
              .output(dnnl.DNNL_ARG_DST, "y", y, description.dst_desc(0))
              .build();
    }
  }

  private void planWeights(F hint) {
    String part = " weights gradient";
    try (primitive_desc description = describe(part, () -> weightsDescription(hint))) {
      memory.desc dw = description.diff_weights_desc(0);
      w = w == null ? weightsLayout(dw) : w;
      note(description);
      weights =
          operation(part, description)
              .multiplyAdds(spec.multiplyAdds(x.shape()))
              .input(dnnl.DNNL_ARG_SRC, "x", x, description.src_desc(0))
              .input(dnnl.DNNL_ARG_DIFF_DST, "dy", y, description.diff_dst_desc(0))
              .output(dnnl.DNNL_ARG_DIFF_WEIGHTS, "dw", w, dw)
              .optionalOutput(dnnl.DNNL_ARG_DIFF_BIAS, "db", b)
              .build();
    }
  }

  private void planData(F hint) {
    String part = " data gradient";
    try (primitive_desc description = describe(part, () -> dataDescription(hint))) {
      note(description);
      data =
          operation(part, description)
              .multiplyAdds(spec.multiplyAdds(x.shape()))
              .input(dnnl.DNNL_ARG_WEIGHTS, "w", w, description.weights_desc(0))
              .input(dnnl.DNNL_ARG_DIFF_DST, "dy", y, description.diff_dst_desc(0))
              .output(dnnl.DNNL_ARG_DIFF_SRC, "dx", x, description.diff_src_desc(0))
              .build();
    }
  }

  private void note(primitive_desc description) {
    plainLoops |= Cost.implementation(description).startsWith("ref");
  }

  /** Returns whether oneDNN has no kernel for a part and computes it in plain loops. */
  final boolean hasPlainLoops() {
    return plainLoops;
  }

  @Override
  public final Layout w() {
    return w;
  }

  @Override
  public final Layout y() {
    return y;
  }

  @Override
  public final void forward(Tensor xTensor, Tensor wTensor, Tensor bTensor, Tensor yTensor) {
    forward.run(xTensor, wTensor, bTensor, yTensor);
  }

  @Override
  public final void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    planned(data, "without an input gradient").run(wTensor, dy, dx);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    planned(weights, "without gradients of the weights").run(xTensor, dy, dw, db);
  }
}
