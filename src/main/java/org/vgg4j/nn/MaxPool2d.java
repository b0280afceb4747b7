package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dPlan;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * Max pooling.
 *
 * <p>Shapes: x (N, C, H, W), y (N, C, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.MaxPool2d}.
 */
public final class MaxPool2d implements Module {
  private final MaxPool2dSpec spec;
  private final SavedInput kept = new SavedInput("a max-pool");
  private MaxPool2dPlan plan;
  private Slot y;
  private Slot saved; // null in inference
  private Slot dx; // null when not wanted

  /** Creates an unbuilt layer. */
  public MaxPool2d(MaxPool2dSpec spec) {
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    plan = context.plan(context.backend().maxPool2d(spec, x, context.usage()));
    y = context.activation(plan.y());
    saved = plan.saved() == null ? null : context.saved(plan.saved());
    dx = context.usage().inputGradient() ? context.gradient(x) : null;
    return plan.y();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    kept.keep(x, training);
    plan.forward(x, y.tensor(), saved == null ? null : saved.tensor());
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (dx == null) {
      return null;
    }
    plan.backward(kept.get(), y.tensor(), dy, saved.tensor(), dx.tensor());
    return dx.tensor();
  }
}
