package org.vgg4j.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dPlan;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Convolution. The weights are kept in the order in which their gradient is computed, so that the
 * optimizer runs over both alike; the forward and the data gradient read copies in the orders they
 * prefer.
 */
final class OneDnnConv2d implements Conv2dPlan {
  private static final long[] ONES = {1, 1};

  private final Dnnl dnnl;
  private final Conv2dSpec spec;
  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout y; // (N, K, P, Q)
  private final OneDnnLayout w; // (K, C, R, S)
  private final long[] padding;
  private final String shapes;
  private final Closing closing = new Closing();
  private final Scratch scratch;

  private Operand forwardX;
  private Operand forwardW;
  private Primitive forward;
  private Operand dataDy;
  private Operand dataW;
  private Operand dataDx;
  private Primitive data;
  private Operand filterX;
  private Operand filterDy;
  private Operand filterDw;
  private Primitive filter;

  OneDnnConv2d(Dnnl dnnl, Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage) {
    this.dnnl = dnnl;
    this.spec = spec;
    this.x = x;
    this.padding = new long[] {spec.padding(), spec.padding()};
    this.scratch = new Scratch(dnnl);
    Shape yShape = spec.y(x.shape());
    shapes = "x " + x.shape() + ", w " + spec.w();
    try (convolution_forward.primitive_desc hint = describe(usage, false, yShape)) {
      y = OneDnnLayout.of(yShape, hint.dst_desc());
      if (usage.training()) {
        convolution_backward_weights.primitive_desc weights = describeFilter(hint);
        closing.own(weights);
        w = givenW != null ? givenW : OneDnnLayout.of(spec.w(), weights.diff_weights_desc());
        planFilter(weights);
        if (usage.inputGradient()) {
          planData(hint);
        }
      } else {
        w = givenW != null ? givenW : OneDnnLayout.of(spec.w(), hint.weights_desc());
      }
      planForward(usage, yShape);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private convolution_forward.primitive_desc describe(Usage usage, boolean relu, Shape yShape) {
    prop_kind kind = usage.training() ? prop_kind.forward_training : prop_kind.forward_inference;
    memory.desc xAny = xDesc();
    memory.desc wAny = Dnnl.any(spec.w());
    memory.desc yAny = y == null ? dnnl.activation(yShape) : y.desc();
    try (primitive_attr attributes = Dnnl.attributes(relu)) {
      return Dnnl.create(
          "convolution",
          shapes,
          () ->
              spec.bias()
                  ? new convolution_forward.primitive_desc(
                      dnnl.engine(),
                      kind,
                      algorithm.convolution_direct,
                      xAny,
                      wAny,
                      biasDesc(),
                      yAny,
                      ONES,
                      padding,
                      padding,
                      attributes,
                      false)
                  : new convolution_forward.primitive_desc(
                      dnnl.engine(),
                      kind,
                      algorithm.convolution_direct,
                      xAny,
                      wAny,
                      yAny,
                      ONES,
                      padding,
                      padding,
                      attributes,
                      false));
    }
  }

  private memory.desc xDesc() {
    return dnnl.activation(x.shape());
  }

  /**
   * Leaves the order of dy open, as that of x: bound to that of y, oneDNN has only its slow
   * reference for some narrow layers. A copy in the order it likes costs little.
   */
  private memory.desc dyDesc() {
    return dnnl.activation(y.shape());
  }

  private memory.desc biasDesc() {
    return Dnnl.plain(spec.b(), DType.F32);
  }

  private void planForward(Usage usage, Shape yShape) {
    try (convolution_forward.primitive_desc description = describe(usage, spec.relu(), yShape)) {
      forwardX = input("x", x, description.src_desc());
      forwardW = input("w", w, description.weights_desc());
      convolution_forward primitive = new convolution_forward(description);
      forward =
          closing.own(
              spec.bias()
                  ? new Primitive(
                      dnnl,
                      "convolution " + shapes,
                      primitive,
                      DNNL_ARG_SRC,
                      DNNL_ARG_WEIGHTS,
                      DNNL_ARG_DST,
                      DNNL_ARG_BIAS)
                  : new Primitive(
                      dnnl,
                      "convolution " + shapes,
                      primitive,
                      DNNL_ARG_SRC,
                      DNNL_ARG_WEIGHTS,
                      DNNL_ARG_DST));
    }
  }

  private convolution_backward_weights.primitive_desc describeFilter(
      convolution_forward.primitive_desc hint) {
    memory.desc xAny = xDesc();
    memory.desc wAny = Dnnl.any(spec.w());
    memory.desc dyAny = dyDesc();
    return Dnnl.create(
        "convolution filter gradient",
        shapes,
        () ->
            spec.bias()
                ? new convolution_backward_weights.primitive_desc(
                    dnnl.engine(),
                    algorithm.convolution_direct,
                    xAny,
                    wAny,
                    biasDesc(),
                    dyAny,
                    ONES,
                    padding,
                    padding,
                    hint)
                : new convolution_backward_weights.primitive_desc(
                    dnnl.engine(),
                    algorithm.convolution_direct,
                    xAny,
                    wAny,
                    dyAny,
                    ONES,
                    padding,
                    padding,
                    hint));
  }

  private void planFilter(convolution_backward_weights.primitive_desc description) {
    filterX = input("x", x, description.src_desc());
    filterDy = input("dy", y, description.diff_dst_desc());
    filterDw =
        Operand.output(
            dnnl, "convolution dw", w, description.diff_weights_desc(), scratch, closing);
    convolution_backward_weights primitive = new convolution_backward_weights(description);
    String what = "convolution filter gradient " + shapes;
    filter =
        closing.own(
            spec.bias()
                ? new Primitive(
                    dnnl,
                    what,
                    primitive,
                    DNNL_ARG_SRC,
                    DNNL_ARG_DIFF_DST,
                    DNNL_ARG_DIFF_WEIGHTS,
                    DNNL_ARG_DIFF_BIAS)
                : new Primitive(
                    dnnl, what, primitive, DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS));
  }

  private void planData(convolution_forward.primitive_desc hint) {
    memory.desc xAny = xDesc();
    memory.desc wAny = Dnnl.any(spec.w());
    memory.desc dyAny = dyDesc();
    try (convolution_backward_data.primitive_desc description =
        Dnnl.create(
            "convolution data gradient",
            shapes,
            () ->
                new convolution_backward_data.primitive_desc(
                    dnnl.engine(),
                    algorithm.convolution_direct,
                    xAny,
                    wAny,
                    dyAny,
                    ONES,
                    padding,
                    padding,
                    hint))) {
      dataDy = input("dy", y, description.diff_dst_desc());
      dataW = input("w", w, description.weights_desc());
      dataDx =
          Operand.output(dnnl, "convolution dx", x, description.diff_src_desc(), scratch, closing);
      data =
          closing.own(
              new Primitive(
                  dnnl,
                  "convolution data gradient " + shapes,
                  new convolution_backward_data(description),
                  DNNL_ARG_DIFF_DST,
                  DNNL_ARG_WEIGHTS,
                  DNNL_ARG_DIFF_SRC));
    }
  }

  private Operand input(String name, OneDnnLayout given, memory.desc wanted) {
    return Operand.input(dnnl, "convolution " + name, given, wanted, scratch, closing);
  }

  @Override
  public Layout w() {
    return w;
  }

  @Override
  public Layout y() {
    return y;
  }

  @Override
  public void forward(Tensor xTensor, Tensor wTensor, Tensor b, Tensor yTensor) {
    OneDnnTensor source = forwardX.before(OneDnnTensor.of(xTensor));
    OneDnnTensor weights = forwardW.before(OneDnnTensor.of(wTensor));
    OneDnnTensor target = OneDnnTensor.of(yTensor).expect(y, "convolution y");
    if (spec.bias()) {
      forward.run(source, weights, target, OneDnnTensor.of(b));
    } else {
      forward.run(source, weights, target);
    }
  }

  @Override
  public void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    if (data == null) {
      throw new IllegalStateException("this convolution was planned without an input gradient");
    }
    OneDnnTensor target = OneDnnTensor.of(dx);
    data.run(
        dataDy.before(OneDnnTensor.of(dy)),
        dataW.before(OneDnnTensor.of(wTensor)),
        dataDx.before(target));
    dataDx.after(target);
  }

  @Override
  public void backwardFilter(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    if (filter == null) {
      throw new IllegalStateException("this convolution was planned for inference");
    }
    OneDnnTensor source = filterX.before(OneDnnTensor.of(xTensor));
    OneDnnTensor gradient = filterDy.before(OneDnnTensor.of(dy));
    OneDnnTensor target = OneDnnTensor.of(dw);
    if (spec.bias()) {
      filter.run(source, gradient, filterDw.before(target), OneDnnTensor.of(db));
    } else {
      filter.run(source, gradient, filterDw.before(target));
    }
    filterDw.after(target);
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
