package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;
import org.vgg4j.tensor.Work;

/**
 * Max pooling by custom kernels. Windows of 2x2 with stride 2 keep a byte that names the winner;
 * all others find the winners again in the backward.
 */
public final class CudaMaxPool2d extends CudaPlan implements WindowPlan {
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout y; // (N, C, P, Q)
  private final PairPool pairs; // null for other windows
  private final KernelLaunch forward; // null for 2x2 windows, like the next
  private final KernelLaunch backward; // also null when planned for inference
  private final CudaLayout saved; // null when nothing is saved

  public CudaMaxPool2d(
      Closing owned, CudaDevice device, MaxPool2dSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "max-pool", usage);
    this.x = x.requirePlain("max-pool");
    y = CudaLayout.channelsLast(spec.y(x.shape()), x.dtype());
    boolean paired = PairPool.fits(spec);
    pairs = paired ? new PairPool(owned, device, x, false) : null;
    saved = paired && usage.training() ? pairs.winners() : null;
    forward = paired ? null : owned.own(launch(device.kernels(), "vgg4j_max_pool", spec, y, 10, 2));
    backward =
        paired || !usage.training()
            ? null
            : owned.own(launch(device.kernels(), "vgg4j_max_pool_backward", spec, x, 11, 3));
  }

  private KernelLaunch launch(
      Kernels kernels, String name, MaxPool2dSpec spec, CudaLayout over, int arguments, int at) {
    return PointwiseKernels.over(kernels, name, over, arguments)
        .set(at, x.shape().dim(0))
        .set(at + 1, x.shape().dim(2))
        .set(at + 2, x.shape().dim(3))
        .set(at + 3, x.stored())
        .set(at + 4, spec.kernel())
        .set(at + 5, spec.stride())
        .set(at + 6, y.shape().dim(2))
        .set(at + 7, y.shape().dim(3));
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
  public List<Work> work() {
    PlanWork work = new PlanWork();
    if (pairs != null) {
      pairs.forwardWork(work, x, false, saved != null);
      if (saved != null) {
        pairs.backwardWork(work.backward(), x);
      }
    } else {
      work.kernel("max-pool", List.of(x), y);
      if (backward != null) {
        work.backward().kernel("max-pool backward", List.of(x, y), x);
      }
    }
    return work.list();
  }

  @Override
  public void forward(Tensor source, Tensor target, Tensor savedTensor) {
    Pointer winners = operand(savedTensor, saved, "saved");
    Pointer in = operand(source, x, "x");
    Pointer out = operand(target, y, "y");
    if (pairs != null) {
      pairs.forward(in, null, null, out, winners);
    } else {
      forward.set(0, in).set(1, out).launch();
    }
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor savedTensor, Tensor dx) {
    requireTraining();
    Pointer winners = operand(savedTensor, saved, "saved");
    Pointer in = operand(source, x, "x");
    operand(target, y, "y"); // not read, but checked: a wrong one is a bug
    Pointer slope = operand(dy, y, "dy");
    Pointer result = operand(dx, x, "dx");
    if (pairs != null) {
      pairs.backward(slope, winners, result);
    } else {
      backward.set(0, in).set(1, slope).set(2, result).launch();
    }
  }
}
