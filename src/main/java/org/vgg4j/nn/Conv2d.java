package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Conv2dPlan;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * A convolution, optionally followed by a ReLU.
 *
 * <p>Shapes: x (N, C, H, W), weight (K, C, R, S), bias (K), y (N, K, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.Conv2d}.
 */
public final class Conv2d extends Layer {
  private final Conv2dSpec spec;
  private final Initialization initialization;
  private Conv2dPlan plan;
  private ReluGradient relu;
  private Parameter w;
  private Parameter b; // null without a bias

  /** Creates an unbuilt layer. */
  public Conv2d(Conv2dSpec spec, Initialization initialization) {
    super("a convolution");
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
    plan = context.plan(backend.conv2d(spec, x, context.weightLayout("weight"), context.usage()));
    w = context.weight("weight", plan.w(), plan.dw(), initialization.weight(spec));
    if (spec.bias()) {
      b = context.parameter("bias", spec.b(), initialization.bias(spec));
    }
    place(context, x, plan.y(), null);
    relu = new ReluGradient(context, plan.y(), spec.relu());
    context.multiplyAdds(ConvBlock.multiplyAdds(spec, x.shape()));
    return plan.y();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    keep(x, training);
    plan.forward(x, w.compute(), b == null ? null : b.value(), y());
    return y();
  }

  @Override
  public Tensor backward(Tensor dy) {
    Tensor x = x();
    Tensor slope = relu.backward(y(), dy);
    plan.backwardFilter(x, slope, w.gradient(), b == null ? null : b.gradient());
    if (dx() == null) {
      return null;
    }
    plan.backwardData(w.compute(), slope, dx());
    return dx();
  }
}
