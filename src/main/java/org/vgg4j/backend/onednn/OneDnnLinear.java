package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.inner_product_backward_data;
import org.bytedeco.dnnl.inner_product_backward_weights;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Fully connected layer. It reads an image in the image's own layout without flattening it; the
 * weights then have image axes too. Shapes: x (N, ...) of I values per sample, w (O, I), b (O), y
 * (N, O).
 */
final class OneDnnLinear extends OneDnnWeighted<inner_product_forward.primitive_desc> {
  /**
   * Samples up to which a layer is as fast as memory is: to round the weights anew in each step
   * moves more bytes than to read them in single precision.
   */
  private static final int FEW = 32;

  private final memory.desc xAny;
  private final memory.desc yPlain;

  OneDnnLinear(Dnnl context, LinearSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage) {
    this(context, spec, x, givenW, usage, type(context, x, usage));
  }

  private OneDnnLinear(
      Dnnl context, LinearSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage, DType type) {
    super(context, "linear layer", spec, x, x.shape().withBatch(spec.outFeatures()), type);
    xAny = Dnnl.any(x.shape(), type);
    yPlain = Dnnl.plain(spec.y(x.shape()), type);
    plan(usage, yPlain, givenW);
  }

  private static DType type(Dnnl context, OneDnnLayout x, Usage usage) {
    boolean isMasters = usage.weightGradients() && x.shape().dim(0) <= FEW;
    return isMasters ? context.types().master() : context.types().activation();
  }

  @Override
  inner_product_forward.primitive_desc forwardDescription(
      dnnl.prop_kind kind, primitive_attr attributes, memory.desc yDesc) {
    return new inner_product_forward.primitive_desc(
        context().engine(), kind, xAny, wAny, bias, yDesc, attributes, false);
  }

  @Override
  primitive_desc weightsDescription(inner_product_forward.primitive_desc hint) {
    return new inner_product_backward_weights.primitive_desc(
        context().engine(), xAny, dwAny, bias, yPlain, hint);
  }

  @Override
  primitive_desc dataDescription(inner_product_forward.primitive_desc hint) {
    return new inner_product_backward_data.primitive_desc(
        context().engine(), xAny, wAny, yPlain, hint);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    super.backwardWeights(xTensor, dy, dw, OneDnnTensor.of(db, b, "linear layer db"));
  }
}
