package org.vgg4j.benchmarks;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How far a run stays from the points where rounding could turn into a difference that is no
 * rounding error: a ReLU at zero, a tie in a max-pool, an Adam step along a gradient of almost
 * zero.
 */
final class Margins {
  private static final double KINK = 1e-5;
  private static final double SECOND_MOMENT_ROOT = 1e-4;

  private double relu = Double.POSITIVE_INFINITY;
  private double pool = Double.POSITIVE_INFINITY;
  private double root = Double.POSITIVE_INFINITY;

  /** Looks at the input of a layer; a probe of {@link TorchNet#forward}. */
  void seeInput(Layer layer, Tensor x) {
    if (layer.type().equals("ReLU")) {
      relu = Math.min(relu, x.detach().abs().min().item_double());
    } else if (layer.type().equals("MaxPool2d")) {
      pool = Math.min(pool, smallestGap(x.detach()));
    }
  }

  /** Looks at one of Adam's second moments: its smallest root, where not 0, over its largest. */
  void seeSecondMoment(Tensor secondMoment) {
    Tensor positive = secondMoment.masked_select(secondMoment.gt(new Scalar(0)));
    root = positive.numel() == 0 ? 0 : Math.min(root, smallestRoot(positive));
  }

  /** Whether single precision, too, stays on the same side of every kink. */
  boolean suffice() {
    return relu >= KINK && pool >= KINK && root >= SECOND_MOMENT_ROOT;
  }

  @Override
  public String toString() {
    return "ReLU %.1e, max-pool %.1e, second moment %.1e".formatted(relu, pool, root);
  }

  private static double smallestRoot(Tensor positive) {
    return Math.sqrt(positive.min().item_double() / positive.max().item_double());
  }

  /** The smallest lead of a window's largest value; windows of zeros pass no gradient anyway. */
  private static double smallestGap(Tensor x) {
    Tensor windows = x.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4, 5);
    T_TensorTensor_T two = torch.topk(windows, 2);
    Tensor first = two.get0().select(4, 0);
    Tensor second = two.get0().select(4, 1);
    Tensor gaps = first.sub(second).masked_select(first.gt(new Scalar(0)));
    return gaps.min().item_double();
  }
}
