package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/** Base of the layers over windows: poolings and local response normalization. */
abstract class WindowLayer extends Layer {
  private WindowPlan plan;

  /** Takes the layer's name for messages, such as "a max-pool". */
  WindowLayer(String what) {
    super(what);
  }

  @Override
  public final String layerScope() {
    return null;
  }

  abstract WindowPlan plan(Backend backend, Layout x, Usage usage);

  @Override
  public final Layout build(BuildContext context, Layout x) {
    plan = context.plan(plan(context.backend(), x, context.usage()));
    place(context, x, plan.y(), plan.saved());
    return plan.y();
  }

  @Override
  public final Tensor forward(Tensor x, boolean training) {
    keep(x, training);
    plan.forward(x, y(), saved());
    return y();
  }

  @Override
  public final Tensor backward(Tensor dy) {
    if (dx() == null) {
      return null;
    }
    plan.backward(x(), y(), dy, saved(), dx());
    return dx();
  }
}
