package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnPlan;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * Local response normalization across channels.
 *
 * <p>Shapes: x, y (N, C, H, W).
 *
 * <p>Source: Krizhevsky, Sutskever and Hinton, 2012; PyTorch {@code torch.nn.LocalResponseNorm}.
 */
public final class LocalResponseNorm implements Module {
  private final LrnSpec spec;
  private final SavedInput kept = new SavedInput("a local response norm");
  private LrnPlan plan;
  private Slot y;
  private Slot saved; // null when the engine needs none
  private Slot dx; // null when not wanted

  /** Creates an unbuilt layer. */
  public LocalResponseNorm(LrnSpec spec) {
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    plan = context.plan(context.backend().localResponseNorm(spec, x, context.usage()));
    y = context.activation(plan.y());
    saved = plan.saved() == null ? null : context.saved(plan.saved());
    dx = context.usage().inputGradient() ? context.gradient(x) : null;
    return plan.y();
  }

  private Tensor savedTensor() {
    return saved == null ? null : saved.tensor();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    kept.keep(x, training);
    plan.forward(x, y.tensor(), savedTensor());
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (dx == null) {
      return null;
    }
    plan.backward(kept.get(), y.tensor(), dy, savedTensor(), dx.tensor());
    return dx.tensor();
  }
}
