package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.lrn_backward;
import org.bytedeco.dnnl.lrn_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Usage;

/** Local response normalization across channels. */
final class OneDnnLrn extends OneDnnWindow<lrn_forward.primitive_desc> {
  private static final dnnl.algorithm ACROSS = dnnl.algorithm.lrn_across_channels;

  private final LrnSpec spec;

  OneDnnLrn(Dnnl context, LrnSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "local response norm", x, true);
    this.spec = spec;
    plan(usage, x.shape());
  }

  @Override
  lrn_forward.primitive_desc forwardDescription(dnnl.prop_kind kind) {
    return new lrn_forward.primitive_desc(
        context().engine(),
        kind,
        ACROSS,
        x.desc(),
        x.desc(),
        spec.size(),
        (float) spec.alpha(),
        (float) spec.beta(),
        (float) spec.k());
  }

  @Override
  primitive_desc backwardDescription(lrn_forward.primitive_desc hint, memory.desc yDesc) {
    return new lrn_backward.primitive_desc(
        context().engine(),
        ACROSS,
        x.desc(),
        yDesc,
        x.desc(),
        spec.size(),
        (float) spec.alpha(),
        (float) spec.beta(),
        (float) spec.k(),
        hint);
  }
}
