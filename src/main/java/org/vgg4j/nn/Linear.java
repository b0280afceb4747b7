package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearPlan;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * A fully connected layer, with a ReLU when its spec says so. An image is flattened inside.
 *
 * <p>Shapes: x (N, ...) of I values a sample, weight (O, I), bias (O), y (N, O).
 *
 * <p>Source: PyTorch {@code torch.nn.Linear}.
 */
public final class Linear implements Module {
  private final LinearSpec spec;
  private final Initialization initialization;
  private final SavedInput kept = new SavedInput("a fully connected layer");
  private LinearPlan plan;
  private ReluGradient relu;
  private Parameter w;
  private Parameter b;
  private Slot y;
  private Slot dx; // null when not wanted

  /** Creates an unbuilt layer. */
  public Linear(LinearSpec spec, Initialization initialization) {
    this.spec = spec;
    this.initialization = initialization;
  }

  @Override
  public Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    Backend backend = context.backend();
    plan = context.plan(backend.linear(spec, x, context.weightLayout("weight"), context.usage()));
    w = context.weight("weight", plan.w(), plan.dw(), initialization.weight(spec));
    b = context.parameter("bias", spec.b(), initialization.bias(spec));
    y = context.activation(plan.y());
    dx = context.usage().inputGradient() ? context.gradient(x) : null;
    relu = new ReluGradient(context, plan.y(), spec.relu());
    context.multiplyAdds(x.shape().dim(0) * spec.w().elementCount());
    return plan.y();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    kept.keep(x, training);
    plan.forward(x, w.compute(), b.value(), y.tensor());
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    Tensor x = kept.get();
    Tensor slope = relu.backward(y.tensor(), dy);
    plan.backwardWeights(x, slope, w.gradient(), b.gradient());
    if (dx == null) {
      return null;
    }
    plan.backwardData(w.compute(), slope, dx.tensor());
    return dx.tensor();
  }
}
