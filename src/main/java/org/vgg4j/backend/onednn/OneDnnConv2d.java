package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;

/** Convolution. Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q). */
final class OneDnnConv2d extends OneDnnWeighted<convolution_forward.primitive_desc> {
  private static final dnnl.algorithm DIRECT = dnnl.algorithm.convolution_direct;
  private static final long[] ONES = {1, 1};

  private final long[] padding;
  private final memory.desc xAny;
  private final memory.desc xOfWeights;
  private final memory.desc dyOfWeights;

  /**
   * Leaves the orders of dy and x to oneDNN. With dy in the order of y, oneDNN falls back to its
   * slow reference implementation for some narrow layers; copying dy into the preferred order costs
   * little.
   */
  private final memory.desc yAny;

  OneDnnConv2d(
      Dnnl context,
      Conv2dSpec spec,
      OneDnnLayout x,
      OneDnnLayout givenW,
      Usage usage,
      ConvOrders orders) {
    super(context, "convolution", spec, x, spec.w(), context.types().activation());
    padding = new long[] {spec.padding(), spec.padding()};
    DType type = context.types().activation();
    Shape y = spec.y(x.shape());
    xAny = orders.x().desc(x.shape(), type);
    yAny = orders.y().desc(y, type);
    xOfWeights = orders.filters().desc(x.shape(), type);
    dyOfWeights = orders.filters().desc(y, type);
    plan(usage, yAny, givenW);
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
        context().engine(),
        DIRECT,
        xOfWeights,
        dwAny,
        bias,
        dyOfWeights,
        ONES,
        padding,
        padding,
        hint);
  }

  @Override
  primitive_desc dataDescription(convolution_forward.primitive_desc hint) {
    return new convolution_backward_data.primitive_desc(
        context().engine(), DIRECT, xAny, wAny, yAny, ONES, padding, padding, hint);
  }
}
