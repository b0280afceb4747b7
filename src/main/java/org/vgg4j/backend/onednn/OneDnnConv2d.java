package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Conv2dPlan;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Convolution. Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q). */
final class OneDnnConv2d extends WeightedPlan<convolution_forward.primitive_desc>
    implements Conv2dPlan {
  private static final dnnl.algorithm DIRECT = dnnl.algorithm.convolution_direct;
  private static final long[] ONES = {1, 1};

  private final Conv2dSpec spec;
  private final long[] padding;
  private final memory.desc xAny;
  private final memory.desc wAny;

  /**
   * Leaves the orders of dy and x to oneDNN. With dy in the order of y, oneDNN falls back to its
   * slow reference implementation for some narrow layers; copying dy into the preferred order costs
   * little.
   */
  private final memory.desc yAny;

  OneDnnConv2d(Dnnl context, Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage) {
    super(context, "convolution", x, spec.w(), spec.bias() ? spec.b() : null);
    this.spec = spec;
    padding = new long[] {spec.padding(), spec.padding()};
    Shape yShape = spec.y(x.shape());
    xAny = context.activation(x.shape());
    wAny = Dnnl.any(spec.w());
    yAny = context.activation(yShape);
    plan(usage, spec.relu(), yShape, yAny, givenW);
  }

  @Override
  convolution_forward.primitive_desc forwardDescription(
      dnnl.prop_kind kind, primitive_attr attributes, memory.desc yDesc) {
    return new convolution_forward.primitive_desc(
        context().engine(),
        kind,
        DIRECT,
        xAny,
        wAny,
        bias,
        yDesc,
        ONES,
        padding,
        padding,
        attributes,
        false);
  }

  @Override
  primitive_desc weightsDescription(convolution_forward.primitive_desc hint) {
    return new convolution_backward_weights.primitive_desc(
        context().engine(), DIRECT, xAny, wAny, bias, yAny, ONES, padding, padding, hint);
  }

  @Override
  primitive_desc dataDescription(convolution_forward.primitive_desc hint) {
    return new convolution_backward_data.primitive_desc(
        context().engine(), DIRECT, xAny, wAny, yAny, ONES, padding, padding, hint);
  }

  @Override
  OneDnnLayout weightsLayout(memory.desc desc) {
    return OneDnnLayout.of(spec.w(), desc);
  }

  @Override
  public void backwardFilter(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    weightsGradient(xTensor, dy, dw, db);
  }
}
