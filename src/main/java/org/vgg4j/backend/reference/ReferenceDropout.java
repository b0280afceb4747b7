package org.vgg4j.backend.reference;

import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * Zero where the draw of {@link DropoutSpec} says so, x / (1 - p) elsewhere. The backward draws the
 * mask again, from the same counters.
 *
 * <p>Source: Srivastava et al., 2014; PyTorch {@code torch.nn.Dropout} for the scale.
 */
final class ReferenceDropout extends ReferencePlan implements DropoutPlan {
  private static final String OPERATION = "dropout";
  private static final int UNUSED_BITS = 40; // of 64: the draw has 24

  private final DropoutSpec spec;
  private final StepState state;
  private final ReferenceLayout layout;
  private final int length;

  ReferenceDropout(DropoutSpec spec, Layout x, StepState state) {
    super(OPERATION);
    this.spec = spec;
    this.state = state;
    layout = ReferenceLayout.computable(OPERATION, x);
    length = layout.shape().arrayLength();
  }

  @Override
  public void forward(Tensor x, Tensor y) {
    mask(use("x", x, layout), use("y", y, layout));
  }

  @Override
  public void backward(Tensor dy, Tensor dx) {
    mask(use("dy", dy, layout), use("dx", dx, layout));
  }

  private void mask(ReferenceTensor from, ReferenceTensor to) {
    long key = CounterRandom.key(state.seed(), spec.stream(), state.forwardPass());
    int threshold = spec.threshold();
    double scale = spec.scale();
    long begin = state.first() * (length / layout.shape().dim(0));
    for (int i = 0; i < length; i++) {
      boolean kept = CounterRandom.bits(key, begin + i) >>> UNUSED_BITS >= threshold;
      to.values()[to.offset() + i] = kept ? from.values()[from.offset() + i] * scale : 0;
    }
    written(to);
  }
}
