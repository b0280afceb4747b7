package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearPlan;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * A fully connected layer, optionally followed by a ReLU. It flattens images itself.
 *
 * <p>Shapes: x (N, ...) with I values per sample, weight (O, I), bias (O), y (N, O).
 *
 * <p>Source: PyTorch {@code torch.nn.Linear}.
 */
public final class Linear extends Layer {
  private final LinearSpec spec;
  private final Initialization initialization;
  private LinearPlan plan;
  private ReluGradient relu;
  private Parameter w;
  private Parameter b;

  /** Creates an unbuilt layer. */
  public Linear(LinearSpec spec, Initialization initialization) {
    super("a fully connected layer");
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
    place(context, x, plan.y(), null);
    relu = new ReluGradient(context, plan.y(), spec.relu());
    context.multiplyAdds(x.shape().dim(0) * spec.w().elementCount());
    return plan.y();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    keep(x, training);
    plan.forward(x, w.compute(), b.value(), y());
    return y();
  }

  @Override
  public Tensor backward(Tensor dy) {
    Tensor x = x();
    Tensor slope = relu.backward(y(), dy);
    plan.backwardWeights(x, slope, w.gradient(), b.gradient());
    if (dx() == null) {
      return null;
    }
    plan.backwardData(w.compute(), slope, dx());
    return dx();
  }
}
