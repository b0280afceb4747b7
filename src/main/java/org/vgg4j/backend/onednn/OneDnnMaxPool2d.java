package org.vgg4j.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dPlan;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Max pooling; what a training forward saves is oneDNN's workspace, the places of the maxima. */
final class OneDnnMaxPool2d implements MaxPool2dPlan {
  private static final long[] ZEROS = {0, 0};

  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout y; // (N, C, P, Q)
  private final OneDnnLayout saved; // null when planned for inference
  private final Closing closing = new Closing();
  private final Primitive forward;
  private final Operand dyOperand;
  private final Operand dxOperand;
  private final Primitive backward;
  private final Scratch scratch;

  OneDnnMaxPool2d(Dnnl dnnl, MaxPool2dSpec spec, OneDnnLayout x, Usage usage) {
    this.x = x;
    this.scratch = new Scratch(dnnl);
    Shape yShape = spec.y(x.shape());
    long[] kernel = {spec.kernel(), spec.kernel()};
    long[] stride = {spec.stride(), spec.stride()};
    memory.desc xDesc = x.desc();
    memory.desc yAny = Dnnl.any(yShape);
    String what = "max-pool " + x.shape();
    prop_kind kind = usage.training() ? prop_kind.forward_training : prop_kind.forward_inference;
    try (pooling_forward.primitive_desc description =
        Dnnl.create(
            "max-pool",
            "x " + x.shape(),
            () ->
                new pooling_forward.primitive_desc(
                    dnnl.engine(),
                    kind,
                    algorithm.pooling_max,
                    xDesc,
                    yAny,
                    stride,
                    kernel,
                    ZEROS,
                    ZEROS,
                    ZEROS))) {
      y = OneDnnLayout.of(yShape, description.dst_desc());
      pooling_forward primitive = new pooling_forward(description);
      if (!usage.training()) {
        saved = null;
        dyOperand = null;
        dxOperand = null;
        backward = null;
        forward = closing.own(new Primitive(dnnl, what, primitive, DNNL_ARG_SRC, DNNL_ARG_DST));
        return;
      }
      saved = OneDnnLayout.opaque(description.workspace_desc().get_size());
      forward =
          closing.own(
              new Primitive(dnnl, what, primitive, DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WORKSPACE));
      try (pooling_backward.primitive_desc back =
          Dnnl.create(
              "max-pool gradient",
              "x " + x.shape(),
              () ->
                  new pooling_backward.primitive_desc(
                      dnnl.engine(),
                      algorithm.pooling_max,
                      xDesc,
                      y.desc(),
                      stride,
                      kernel,
                      ZEROS,
                      ZEROS,
                      ZEROS,
                      description))) {
        dyOperand = Operand.input(dnnl, "max-pool dy", y, back.diff_dst_desc(), scratch, closing);
        dxOperand = Operand.output(dnnl, "max-pool dx", x, back.diff_src_desc(), scratch, closing);
        backward =
            closing.own(
                new Primitive(
                    dnnl,
                    what + " gradient",
                    new pooling_backward(back),
                    DNNL_ARG_DIFF_DST,
                    DNNL_ARG_WORKSPACE,
                    DNNL_ARG_DIFF_SRC));
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
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
    OneDnnTensor from = OneDnnTensor.of(source).expect(x, "max-pool x");
    OneDnnTensor to = OneDnnTensor.of(target).expect(y, "max-pool y");
    if (saved == null) {
      forward.run(from, to);
    } else {
      forward.run(from, to, OneDnnTensor.of(savedTensor).expect(saved, "max-pool's saved tensor"));
    }
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor savedTensor, Tensor dx) {
    if (backward == null) {
      throw new IllegalStateException("this max-pool was planned for inference");
    }
    OneDnnTensor to = OneDnnTensor.of(dx);
    backward.run(
        dyOperand.before(OneDnnTensor.of(dy)),
        OneDnnTensor.of(savedTensor).expect(saved, "max-pool's saved tensor"),
        dxOperand.before(to));
    dxOperand.after(to);
  }

  @Override
  public long workspaceBytes() {
    return scratch.bytes();
  }

  @Override
  public void close() {
    closing.close();
  }
}
