package org.vgg4j.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** ReLU, elementwise in any layout; its backward reads the output. */
final class OneDnnRelu implements ReluPlan {
  private final OneDnnLayout x;
  private final Closing closing = new Closing();
  private final Primitive forward;
  private final Primitive backward; // null when planned for inference

  OneDnnRelu(Dnnl dnnl, OneDnnLayout x, Usage usage) {
    this.x = x;
    memory.desc desc = x.desc();
    String what = "ReLU " + x.shape();
    try (eltwise_forward.primitive_desc description =
        Dnnl.create(
            "ReLU",
            "x " + x.shape(),
            () ->
                new eltwise_forward.primitive_desc(
                    dnnl.engine(),
                    prop_kind.forward_training,
                    algorithm.eltwise_relu_use_dst_for_bwd,
                    desc,
                    desc))) {
      forward =
          closing.own(
              new Primitive(
                  dnnl, what, new eltwise_forward(description), DNNL_ARG_SRC, DNNL_ARG_DST));
      backward = usage.training() ? closing.own(planBackward(dnnl, what, description)) : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private Primitive planBackward(Dnnl dnnl, String what, eltwise_forward.primitive_desc hint) {
    memory.desc desc = x.desc();
    try (eltwise_backward.primitive_desc description =
        Dnnl.create(
            "ReLU gradient",
            "x " + x.shape(),
            () ->
                new eltwise_backward.primitive_desc(
                    dnnl.engine(),
                    algorithm.eltwise_relu_use_dst_for_bwd,
                    desc,
                    desc,
                    desc,
                    hint))) {
      return new Primitive(
          dnnl,
          what + " gradient",
          new eltwise_backward(description),
          DNNL_ARG_DST,
          DNNL_ARG_DIFF_DST,
          DNNL_ARG_DIFF_SRC);
    }
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    forward.run(
        OneDnnTensor.of(source).expect(x, "ReLU x"), OneDnnTensor.of(y).expect(x, "ReLU y"));
  }

  @Override
  public void backward(Tensor y, Tensor dy, Tensor dx) {
    if (backward == null) {
      throw new IllegalStateException("this ReLU was planned for inference");
    }
    backward.run(
        OneDnnTensor.of(y).expect(x, "ReLU y"),
        OneDnnTensor.of(dy).expect(x, "ReLU dy"),
        OneDnnTensor.of(dx).expect(x, "ReLU dx"));
  }

  @Override
  public void close() {
    closing.close();
  }
}
