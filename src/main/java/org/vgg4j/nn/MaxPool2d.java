package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dPlan;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Max pooling.
 *
 * <p>Shapes: x (N, C, H, W), y (N, C, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.MaxPool2d}.
 */
public final class MaxPool2d extends Layer {
  private final MaxPool2dSpec spec;
  private MaxPool2dPlan plan;

  /** Creates an unbuilt layer. */
  public MaxPool2d(MaxPool2dSpec spec) {
    super("a max-pool");
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    plan = context.plan(context.backend().maxPool2d(spec, x, context.usage()));
    place(context, x, plan.y(), plan.saved());
    return plan.y();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    keep(x, training);
    plan.forward(x, y(), saved());
    return y();
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (dx() == null) {
      return null;
    }
    plan.backward(x(), y(), dy, saved(), dx());
    return dx();
  }
}
