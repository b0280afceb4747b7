package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * VGG's building block, which an engine may fuse: convolution, optional batch norm, ReLU, optional
 * max-pool.
 *
 * <p>Shapes: x (N, C, H, W), y (N, K, P, Q).
 */
public final class ConvBlock implements Module {
  private final ConvBlockSpec spec;
  private final String convName;
  private final String normName;
  private final Initialization initialization;
  private ConvBlockPlan plan;
  private Parameter w; // (K, C, R, S)
  private Parameter b; // (K), null without a bias
  private NormState norm; // null without batch norm
  private UnusedGradients unused; // null unless it is frozen
  private ConvBlockPlan.Parameters parameters; // null until the first forward
  private ConvBlockPlan.Gradients gradients; // null until the first backward

  /**
   * Creates an unbuilt block.
   *
   * @param convName the scope of the convolution's parameters
   * @param normName the scope of the batch norm's parameters
   */
  public ConvBlock(
      ConvBlockSpec spec, String convName, String normName, Initialization initialization) {
    this.spec = spec;
    this.convName = convName;
    this.normName = normName;
    this.initialization = initialization;
  }

  @Override
  public String layerScope() {
    return convName;
  }

  @Override
  public Shape outputShape(Shape x) {
    Shape y = spec.conv().y(x);
    return spec.pool() == null ? y : spec.pool().y(y);
  }

  @Override
  public Layout inputLayout(Backend backend, Shape x) {
    return backend.firstLayout(x);
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    Backend backend = context.backend();
    BuildContext conv = context.scope(convName);
    plan =
        context.plan(
            backend.convBlock(
                planned(context), x, conv.weightLayout("weight"), context.usage(), context));
    w = conv.weight("weight", plan.w(), plan.dw(), initialization.weight(spec.conv()));
    if (spec.conv().bias()) {
      b = conv.parameter("bias", spec.conv().b(), initialization.bias(spec.conv()));
    }
    BatchNorm2dSpec normSpec = spec.batchNorm();
    norm = normSpec == null ? null : NormState.create(context.scope(normName), normSpec);
    unused = context.isFrozen() ? new UnusedGradients(context, b, norm) : null;
    context.multiplyAdds(spec.conv().multiplyAdds(x.shape()));
    return plan.y();
  }

  /**
   * A norm is not left to a block that is not trained: the sums that its backward needs come with
   * the gradient of that block's weights.
   */
  private ConvBlockSpec planned(BuildContext context) {
    ConvBlockSpec own =
        context.isFrozen() ? spec.withFrozenNorm() : spec.withNormSums(context.normSums());
    return context.isNextFrozen()
        ? new ConvBlockSpec(own.conv(), own.batchNorm(), own.pool())
        : own;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    return plan.forward(x, parameters(), training);
  }

  @Override
  public Tensor forwardAgain(Tensor x) {
    return plan.forwardAgain(x, parameters());
  }

  @Override
  public Tensor backward(Tensor dy) {
    if (gradients == null) {
      gradients =
          unused != null
              ? unused.ofBlock()
              : new ConvBlockPlan.Gradients(
                  w.gradient(),
                  b == null ? null : b.gradient(),
                  norm == null ? null : norm.gamma().gradient(),
                  norm == null ? null : norm.beta().gradient());
    }
    return plan.backward(dy, parameters(), gradients);
  }

  private ConvBlockPlan.Parameters parameters() {
    if (parameters == null) {
      parameters =
          new ConvBlockPlan.Parameters(
              w.compute(),
              b == null ? null : b.value(),
              norm == null ? null : norm.gamma().value(),
              norm == null ? null : norm.beta().value(),
              norm == null ? null : norm.runningMean().value(),
              norm == null ? null : norm.runningVar().value());
    }
    return parameters;
  }
}
