package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** ReLU, elementwise in any layout; its backward reads the output. */
final class OneDnnRelu extends OneDnnPlan implements ReluPlan {
  private static final dnnl.algorithm RELU = dnnl.algorithm.eltwise_relu_use_dst_for_bwd;

  private final Operation forward;
  private final Operation backward; // null when planned for inference

  OneDnnRelu(Dnnl context, OneDnnLayout x, Usage usage) {
    super(context, "ReLU", "x " + x.shape());
    memory.desc desc = x.desc();
    try (eltwise_forward.primitive_desc description =
        describe(
            "",
            () ->
                new eltwise_forward.primitive_desc(
                    context.engine(), dnnl.prop_kind.forward_training, RELU, desc, desc))) {
      forward =
          operation("", description)
              .direct(dnnl.DNNL_ARG_SRC, "x", x)
              .direct(dnnl.DNNL_ARG_DST, "y", x)
              .build();
      backward = usage.training() ? planBackward(x, description) : null;
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  private Operation planBackward(OneDnnLayout x, eltwise_forward.primitive_desc hint) {
    memory.desc desc = x.desc();
    try (primitive_desc description =
        describe(
            " gradient",
            () ->
                new eltwise_backward.primitive_desc(
                    context().engine(), RELU, desc, desc, desc, hint))) {
      return operation(" gradient", description)
          .direct(dnnl.DNNL_ARG_DST, "y", x)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", x)
          .direct(dnnl.DNNL_ARG_DIFF_SRC, "dx", x)
          .build();
    }
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    forward.run(source, y);
  }

  @Override
  public void backward(Tensor y, Tensor dy, Tensor dx) {
    planned(backward, "for inference").run(y, dy, dx);
  }
}
