package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Rewrite;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WeightedSpec;

/** Base of the layers with a weight and a bias: convolutions and fully connected layers. */
abstract class WeightedLayer extends Layer {
  private final WeightedSpec spec;
  private final Initializer initialWeight;
  private final Initializer initialBias;
  private WeightedPlan plan;
  private ReluGradient relu;
  private Parameter w;
  private Parameter b; // null without a bias
  private Rewrite input; // null where the input is kept
  private boolean isFrozen;

  /** Takes the layer's name for messages, such as "a convolution". */
  WeightedLayer(String what, WeightedSpec spec, Initializer weight, Initializer bias) {
    super(what);
    this.spec = spec;
    initialWeight = weight;
    initialBias = bias;
  }

  /** Plans the operation; {@code givenW} is the layout of existing weights, or null. */
  abstract WeightedPlan plan(Backend backend, Layout x, Layout givenW, Usage usage);

  @Override
  public final Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  public final Layout build(BuildContext context, Layout x) {
    Layout givenW = context.weightLayout("weight");
    plan = context.plan(plan(context.backend(), x, givenW, context.usage()));
    w = context.weight("weight", plan.w(), plan.dw(), initialWeight);
    b = spec.bias() ? context.parameter("bias", spec.b(), initialBias) : null;
    isFrozen = context.isFrozen();
    input = context.usage().training() ? context.input() : null;
    place(context, x, plan.y(), null);
    relu = new ReluGradient(context, plan.y(), spec.relu());
    context.multiplyAdds(spec.multiplyAdds(x.shape()));
    return plan.y();
  }

  @Override
  public final Tensor forward(Tensor x, boolean training) {
    keep(x, training);
    plan.forward(x, w.compute(), b == null ? null : b.value(), y());
    return y();
  }

  @Override
  public final Tensor backward(Tensor dy) {
    Tensor x = x();
    if (input != null) {
      x = dx(); // free until the data gradient
    }
    Tensor slope = relu.backward(y(), dy);
    if (isFrozen) {
      plan.backwardData(w.compute(), slope, dx());
      return dx();
    }
    Tensor db = b == null ? null : b.gradient();
    if (dx() == null) {
      plan.backwardWeights(x, slope, w.gradient(), db);
    } else if (input != null) { // x is where dx will be
      input.into(x);
      plan.backwardWeights(x, slope, w.gradient(), db);
      plan.backwardData(w.compute(), slope, dx());
    } else {
      plan.backward(x, w.compute(), slope, w.gradient(), db, dx());
    }
    return dx();
  }
}
