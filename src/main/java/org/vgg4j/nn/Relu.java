package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** max(x, 0), elementwise over any shape. Source: PyTorch {@code torch.nn.ReLU}. */
public final class Relu extends Layer {
  private ReluPlan plan;

  /** Creates an unbuilt layer. */
  public Relu() {
    super("a ReLU");
  }

  @Override
  public String layerScope() {
    return null;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    plan = context.plan(context.backend().relu(x, context.usage()));
    place(context, x, x, null);
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    plan.forward(x, y());
    return y();
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (dx() == null) {
      return null;
    }
    plan.backward(y(), dy, dx());
    return dx();
  }
}
