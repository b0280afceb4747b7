package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WeightedSpec;

/** What convolutions and linear layers share: the layouts of their operands. */
abstract class CudaWeighted extends CudaPlan implements WeightedPlan {
  final CudaLayout x; // (N, ...)
  final CudaLayout w; // (O, ...), of the type of x
  final CudaLayout dw; // (O, ...), of F32
  final CudaLayout b; // (O) of F32, null without a bias
  final CudaLayout y; // (N, O, ...)

  /** Takes the layout of weights that exist already, or null. */
  CudaWeighted(
      Closing owned,
      CudaDevice device,
      String operation,
      WeightedSpec spec,
      CudaLayout x,
      Layout givenW,
      Usage usage) {
    super(owned, device, operation, usage);
    this.x = x;
    dw = CudaLayout.floats(spec.w());
    w = dw.as(x.dtype());
    w.requireSame(givenW, operation + " w");
    b = spec.bias() ? CudaLayout.floats(spec.b()) : null;
    y = CudaLayout.floats(spec.y(x.shape())).as(x.dtype());
  }

  @Override
  public final Layout w() {
    return w;
  }

  @Override
  public final Layout dw() {
    return dw;
  }

  @Override
  public final Layout y() {
    return y;
  }
}
