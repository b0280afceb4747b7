package org.vgg4j.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.inner_product_backward_data;
import org.bytedeco.dnnl.inner_product_backward_weights;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearPlan;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Fully connected layer, straight from an image in its own layout: the weights then have an image's
 * axes too, and nothing is flattened. They are kept in the order in which their gradient is
 * computed.
 */
final class OneDnnLinear implements LinearPlan {
  private final Dnnl dnnl;
  private final LinearSpec spec;
  private final OneDnnLayout x; // (N, ...), I values a sample
  private final OneDnnLayout y; // (N, O)
  private final OneDnnLayout w; // (O, I)
  private final Shape wPhysical; // (O, ...), the axes of x
  private final String shapes;
  private final Closing closing = new Closing();
  private final Scratch scratch;

  private Operand forwardX;
  private Operand forwardW;
  private Primitive forward;
  private Operand dataW;
  private Operand dataDy;
  private Operand dataDx;
  private Primitive data;
  private Operand weightsX;
  private Operand weightsDy;
  private Operand weightsDw;
  private Primitive weights;

  OneDnnLinear(Dnnl dnnl, LinearSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage) {
    this.dnnl = dnnl;
    this.spec = spec;
    this.x = x;
    this.scratch = new Scratch(dnnl);
    Shape yShape = spec.y(x.shape());
    wPhysical = x.shape().withBatch(spec.outFeatures());
    shapes = "x " + x.shape() + ", w " + spec.w();
    y = OneDnnLayout.plain(yShape, DType.F32);
    try (inner_product_forward.primitive_desc hint = describe(usage, false)) {
      if (usage.training()) {
        try (inner_product_backward_weights.primitive_desc description = describeWeights(hint)) {
          w =
              givenW != null
                  ? givenW
                  : OneDnnLayout.of(spec.w(), wPhysical, description.diff_weights_desc());
          planWeights(description);
        }
        if (usage.inputGradient()) {
          planData(hint);
        }
      } else {
        w = givenW != null ? givenW : OneDnnLayout.of(spec.w(), wPhysical, hint.weights_desc());
      }
      planForward(usage);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private memory.desc biasDesc() {
    return Dnnl.plain(spec.b(), DType.F32);
  }

  private inner_product_forward.primitive_desc describe(Usage usage, boolean relu) {
    prop_kind kind = usage.training() ? prop_kind.forward_training : prop_kind.forward_inference;
    try (primitive_attr attributes = Dnnl.attributes(relu)) {
      return Dnnl.create(
          "linear layer",
          shapes,
          () ->
              new inner_product_forward.primitive_desc(
                  dnnl.engine(),
                  kind,
                  Dnnl.any(x.shape()),
                  Dnnl.any(wPhysical),
                  biasDesc(),
                  y.desc(),
                  attributes,
                  false));
    }
  }

  private void planForward(Usage usage) {
    try (inner_product_forward.primitive_desc description = describe(usage, spec.relu())) {
      forwardX = input("x", x, description.src_desc());
      forwardW = input("w", w, description.weights_desc());
      forward =
          closing.own(
              new Primitive(
                  dnnl,
                  "linear layer " + shapes,
                  new inner_product_forward(description),
                  DNNL_ARG_SRC,
                  DNNL_ARG_WEIGHTS,
                  DNNL_ARG_BIAS,
                  DNNL_ARG_DST));
    }
  }

  private inner_product_backward_weights.primitive_desc describeWeights(
      inner_product_forward.primitive_desc hint) {
    return Dnnl.create(
        "linear weights gradient",
        shapes,
        () ->
            new inner_product_backward_weights.primitive_desc(
                dnnl.engine(),
                Dnnl.any(x.shape()),
                Dnnl.any(wPhysical),
                biasDesc(),
                y.desc(),
                hint));
  }

  private void planWeights(inner_product_backward_weights.primitive_desc description) {
    weightsX = input("x", x, description.src_desc());
    weightsDy = input("dy", y, description.diff_dst_desc());
    weightsDw = output("dw", w, description.diff_weights_desc());
    weights =
        closing.own(
            new Primitive(
                dnnl,
                "linear weights gradient " + shapes,
                new inner_product_backward_weights(description),
                DNNL_ARG_SRC,
                DNNL_ARG_DIFF_DST,
                DNNL_ARG_DIFF_WEIGHTS,
                DNNL_ARG_DIFF_BIAS));
  }

  private void planData(inner_product_forward.primitive_desc hint) {
    try (inner_product_backward_data.primitive_desc description =
        Dnnl.create(
            "linear data gradient",
            shapes,
            () ->
                new inner_product_backward_data.primitive_desc(
                    dnnl.engine(), Dnnl.any(x.shape()), Dnnl.any(wPhysical), y.desc(), hint))) {
      dataDy = input("dy", y, description.diff_dst_desc());
      dataW = input("w", w, description.weights_desc());
      dataDx = output("dx", x, description.diff_src_desc());
      data =
          closing.own(
              new Primitive(
                  dnnl,
                  "linear data gradient " + shapes,
                  new inner_product_backward_data(description),
                  DNNL_ARG_DIFF_DST,
                  DNNL_ARG_WEIGHTS,
                  DNNL_ARG_DIFF_SRC));
    }
  }

  private Operand input(String name, OneDnnLayout given, memory.desc wanted) {
    return Operand.input(dnnl, "linear layer " + name, given, wanted, scratch, closing);
  }

  private Operand output(String name, OneDnnLayout given, memory.desc wanted) {
    return Operand.output(dnnl, "linear layer " + name, given, wanted, scratch, closing);
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
    forward.run(
        forwardX.before(OneDnnTensor.of(xTensor)),
        forwardW.before(OneDnnTensor.of(wTensor)),
        OneDnnTensor.of(b),
        OneDnnTensor.of(yTensor).expect(y, "linear layer y"));
  }

  @Override
  public void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    if (data == null) {
      throw new IllegalStateException("this linear layer was planned without an input gradient");
    }
    OneDnnTensor target = OneDnnTensor.of(dx);
    data.run(
        dataDy.before(OneDnnTensor.of(dy)),
        dataW.before(OneDnnTensor.of(wTensor)),
        dataDx.before(target));
    dataDx.after(target);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    if (weights == null) {
      throw new IllegalStateException("this linear layer was planned for inference");
    }
    OneDnnTensor target = OneDnnTensor.of(dw);
    weights.run(
        weightsX.before(OneDnnTensor.of(xTensor)),
        weightsDy.before(OneDnnTensor.of(dy)),
        weightsDw.before(target),
        OneDnnTensor.of(db));
    weightsDw.after(target);
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
