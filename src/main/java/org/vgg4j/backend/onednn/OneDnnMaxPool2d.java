package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dPlan;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Max pooling. A training forward saves oneDNN's workspace: the positions of the maxima. */
final class OneDnnMaxPool2d extends OneDnnPlan implements MaxPool2dPlan {
  private static final dnnl.algorithm MAX = dnnl.algorithm.pooling_max;
  private static final long[] ZEROS = {0, 0};

  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout y; // (N, C, P, Q)
  private final OneDnnLayout saved; // null when planned for inference
  private final long[] kernel;
  private final long[] stride;
  private final Operation forward;
  private final Operation backward; // null when planned for inference

  OneDnnMaxPool2d(Dnnl context, MaxPool2dSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "max-pool", "x " + x.shape());
    this.x = x;
    kernel = new long[] {spec.kernel(), spec.kernel()};
    stride = new long[] {spec.stride(), spec.stride()};
    Shape yShape = spec.y(x.shape());
    memory.desc xDesc = x.desc();
    memory.desc yAny = Dnnl.any(yShape);
    try (pooling_forward.primitive_desc description =
        describe(
            "",
            () ->
                new pooling_forward.primitive_desc(
                    context.engine(),
                    forwardKind(usage),
                    MAX,
                    xDesc,
                    yAny,
                    stride,
                    kernel,
                    ZEROS,
                    ZEROS,
                    ZEROS))) {
      y = OneDnnLayout.of(yShape, description.dst_desc());
      saved =
          usage.training() ? OneDnnLayout.opaque(description.workspace_desc().get_size()) : null;
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

  private Operation planBackward(pooling_forward.primitive_desc hint) {
    memory.desc xDesc = x.desc();
    memory.desc yDesc = y.desc();
    try (primitive_desc description =
        describe(
            " gradient",
            () ->
                new pooling_backward.primitive_desc(
                    context().engine(),
                    MAX,
                    xDesc,
                    yDesc,
                    stride,
                    kernel,
                    ZEROS,
                    ZEROS,
                    ZEROS,
                    hint))) {
      return operation(" gradient", description)
          .unread("x", x)
          .unread("y", y)
          .input(dnnl.DNNL_ARG_DIFF_DST, "dy", y, description.diff_dst_desc(0))
          .direct(dnnl.DNNL_ARG_WORKSPACE, "saved", saved)
          .output(dnnl.DNNL_ARG_DIFF_SRC, "dx", x, description.diff_src_desc(0))
          .build();
    }
  }

  @Override
  public Layout y() {
    return y;
  }

  @Override
  public Layout saved() {
    return saved;
  }

  @Override
  public void forward(Tensor source, Tensor target, Tensor savedTensor) {
    forward.run(source, target, savedTensor);
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor savedTensor, Tensor dx) {
    planned(backward, "for inference").run(source, target, dy, savedTensor, dx);
  }
}
