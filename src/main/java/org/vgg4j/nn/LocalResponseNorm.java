package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnPlan;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Local response normalization across channels.
 *
 * <p>Shapes: x, y (N, C, H, W).
 *
 * <p>Source: Krizhevsky, Sutskever and Hinton, 2012; PyTorch {@code torch.nn.LocalResponseNorm}.
 */
public final class LocalResponseNorm extends Layer {
  private final LrnSpec spec;
  private LrnPlan plan;

  /** Creates an unbuilt layer. */
  public LocalResponseNorm(LrnSpec spec) {
    super("a local response norm");
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    plan = context.plan(context.backend().localResponseNorm(spec, x, context.usage()));
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
