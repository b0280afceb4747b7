package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/** max(x, 0), elementwise over any shape. Source: PyTorch {@code torch.nn.ReLU}. */
public final class Relu implements Module {
  private ReluPlan plan;
  private Slot y;
  private Slot dx; // null when not wanted

  /** Creates an unbuilt layer. */
  public Relu() {}

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    plan = context.plan(context.backend().relu(x, context.usage()));
    y = context.activation(x);
    dx = context.usage().inputGradient() ? context.gradient(x) : null;
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    plan.forward(x, y.tensor());
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (dx == null) {
      return null;
    }
    plan.backward(y.tensor(), dy, dx.tensor());
    return dx.tensor();
  }
}
