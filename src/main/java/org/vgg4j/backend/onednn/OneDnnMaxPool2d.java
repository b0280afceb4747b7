package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Usage;

/** Max pooling. What oneDNN saves is the positions of the maxima. */
final class OneDnnMaxPool2d extends OneDnnWindow<pooling_forward.primitive_desc> {
  private static final dnnl.algorithm MAX = dnnl.algorithm.pooling_max;
  private static final long[] ZEROS = {0, 0};

  private final long[] kernel;
  private final long[] stride;
  private final memory.desc yAny;

  OneDnnMaxPool2d(Dnnl context, MaxPool2dSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "max-pool", x, false);
    kernel = new long[] {spec.kernel(), spec.kernel()};
    stride = new long[] {spec.stride(), spec.stride()};
    yAny = Dnnl.any(spec.y(x.shape()), x.dtype());
    plan(usage, spec.y(x.shape()));
  }

  @Override
  pooling_forward.primitive_desc forwardDescription(dnnl.prop_kind kind) {
    return new pooling_forward.primitive_desc(
        context().engine(), kind, MAX, x.desc(), yAny, stride, kernel, ZEROS, ZEROS, ZEROS);
  }

  @Override
  primitive_desc backwardDescription(pooling_forward.primitive_desc hint, memory.desc yDesc) {
    return new pooling_backward.primitive_desc(
        context().engine(), MAX, x.desc(), yDesc, stride, kernel, ZEROS, ZEROS, ZEROS, hint);
  }
}
