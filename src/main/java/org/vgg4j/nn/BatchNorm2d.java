package org.vgg4j.nn;

import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Batch normalization, optionally followed by a ReLU.
 *
 * <p>Shapes: x, y (N, C, H, W); weight, bias, running_mean, running_var (C).
 *
 * <p>Source: Ioffe and Szegedy, 2015; PyTorch {@code torch.nn.BatchNorm2d}.
 */
public final class BatchNorm2d extends Layer {
  private final BatchNorm2dSpec spec;
  private BatchNorm2dPlan plan;
  private NormState state;
  private UnusedGradients unused; // null unless it is frozen
  private boolean inputGradient;

  /** Creates an unbuilt layer. */
  public BatchNorm2d(BatchNorm2dSpec spec) {
    super("a batch norm");
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    boolean training = context.usage().training();
    Usage usage = training ? Usage.TRAINING : Usage.INFERENCE; // dx comes with dgamma and dbeta
    BatchNorm2dSpec planned =
        context.isFrozen() ? spec.withFrozen() : spec.withSums(context.normSums());
    plan = context.plan(context.backend().batchNorm2d(planned, x, usage));
    inputGradient = context.usage().inputGradient();
    state = NormState.create(context, spec);
    unused = context.isFrozen() ? new UnusedGradients(context, null, state) : null;
    place(context, x, plan.y(), plan.saved(), training);
    return plan.y();
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    keep(x, training);
    Tensor gamma = state.gamma().value();
    Tensor beta = state.beta().value();
    Tensor mean = state.runningMean().value();
    Tensor var = state.runningVar().value();
    if (training) {
      plan.forwardTraining(x, gamma, beta, mean, var, y(), saved());
    } else {
      plan.forwardInference(x, gamma, beta, mean, var, y());
    }
    return y();
  }

  @Override
  public Tensor forwardAgain(Tensor x) {
    keep(x, true);
    plan.forwardAgain(
        x,
        state.gamma().value(),
        state.beta().value(),
        state.runningMean().value(),
        state.runningVar().value(),
        y(),
        saved());
    return y();
  }

  @Override
  public Tensor backward(Tensor dy) {
    plan.backward(
        x(),
        dy,
        state.gamma().value(),
        state.beta().value(),
        saved(),
        dx(),
        unused == null ? state.gamma().gradient() : unused.gamma(),
        unused == null ? state.beta().gradient() : unused.beta());
    return inputGradient ? dx() : null;
  }
}
