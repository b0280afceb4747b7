package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** y += slope x + offset, with a slope and an offset for each channel, in one primitive. */
final class ChannelLine {
  /** The second of the operations that follow the product; the first adds what is there. */
  private static final int OFFSET_ARGUMENT =
      2 * dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | dnnl.DNNL_ARG_SRC_1;

  private final Operation line;
  private final Scratch.Place slopes;
  private final Scratch.Place offsets;

  /** Plans it for images (N, C, H, W) in an order; the plan owns it. */
  ChannelLine(OneDnnPlan plan, OneDnnLayout x) {
    OneDnnLayout channels = OneDnnLayout.plain(Shape.of(1, x.shape().dim(1), 1, 1), DType.F32);
    slopes = plan.place(channels);
    offsets = plan.place(channels);
    try (post_ops follow = new post_ops();
        primitive_attr attributes = new primitive_attr()) {
      follow.append_sum();
      follow.append_binary(dnnl.algorithm.binary_add.value, channels.desc());
      attributes.set_post_ops(follow);
      try (primitive_desc description =
          plan.describe(
              " shared gradient",
              () ->
                  new binary.primitive_desc(
                      plan.context().engine(),
                      dnnl.algorithm.binary_mul.value,
                      x.desc(),
                      channels.desc(),
                      x.desc(),
                      attributes,
                      false))) {
        line =
            plan.operation(" shared gradient", description)
                .direct(dnnl.DNNL_ARG_SRC_0, "x", x)
                .direct(dnnl.DNNL_ARG_SRC_1, "slope", channels)
                .direct(OFFSET_ARGUMENT, "offset", channels)
                .direct(dnnl.DNNL_ARG_DST, "dx", x)
                .build();
      }
    }
  }

  void add(Tensor x, float[] slope, float[] offset, Tensor y) {
    OneDnnTensor slopeTensor = slopes.tensor();
    OneDnnTensor offsetTensor = offsets.tensor();
    slopeTensor.write(slope);
    offsetTensor.write(offset);
    line.run(x, slopeTensor, offsetTensor, y);
  }
}
