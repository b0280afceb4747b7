package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.calls.Branch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WeightedSpec;

/** What convolutions and linear layers share: the layouts of their operands. */
abstract class CudaWeighted extends CudaPlan implements WeightedPlan {
  final CudaLayout x; // (N, ...)
  final CudaLayout w; // (O, ...)
  final CudaLayout dw; // as w, of floats
  final CudaLayout b; // (O), null without a bias
  final CudaLayout y; // (N, O, ...)

  /**
   * Takes the layouts.
   *
   * @param givenW the layout of weights that exist already, or null
   */
  CudaWeighted(
      Closing owned,
      CudaDevice device,
      String operation,
      WeightedSpec spec,
      CudaLayout x,
      CudaLayout w,
      Layout givenW,
      CudaLayout y,
      Usage usage) {
    super(owned, device, operation, usage);
    this.x = x;
    this.w = w;
    w.requireSame(givenW, operation + " w");
    dw = w.as(DType.F32);
    b = spec.bias() ? CudaLayout.floats(spec.b()) : null;
    this.y = y;
  }

  @Override
  public final void backward(
      Tensor source, Tensor weights, Tensor dy, Tensor slopes, Tensor db, Tensor dx) {
    if (x.deferred()) { // the plans of both gradients share their scratch memory
      backwardWeights(source, dy, slopes, db);
      backwardData(weights, dy, dx);
      return;
    }
    device.context().fork(Branch.GRADIENTS);
    backwardWeights(source, dy, slopes, db);
    device.context().resume();
    backwardData(weights, dy, dx);
    device.context().join(Branch.GRADIENTS);
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
