package org.vgg4j.nn;

import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Dropout in training; in evaluation the output is the input itself. The mask depends on the net's
 * {@code StepState}: the seed and the number of the forward pass. Source: Srivastava et al., 2014;
 * PyTorch {@code torch.nn.Dropout}.
 */
public final class Dropout extends Layer {
  private final double p;
  private DropoutPlan plan; // null in inference and when nothing is dropped
  private boolean inputGradient;

  /**
   * Creates an unbuilt layer.
   *
   * @param p the probability of zeroing, in [0, 1)
   */
  public Dropout(double p) {
    super("a dropout");
    this.p = p;
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
    DropoutSpec spec = new DropoutSpec(p, context.nextStream());
    inputGradient = context.usage().inputGradient();
    if (context.usage().training() && p > 0) {
      plan = context.plan(context.backend().dropout(spec, x, context.stepState()));
      place(context, x, x, null);
    }
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    if (!training || plan == null) {
      return x;
    }
    plan.forward(x, y());
    return y();
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (!inputGradient) {
      return null;
    }
    if (plan == null) {
      return dy;
    }
    plan.backward(dy, dx());
    return dx();
  }
}
