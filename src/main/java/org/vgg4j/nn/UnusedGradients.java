package org.vgg4j.nn;

import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * The places for gradients that come with that of the input, in a layer that passes it on and is
 * not trained itself.
 */
final class UnusedGradients {
  private final Slot bias; // null without, like the next two
  private final Slot gamma;
  private final Slot beta;

  /** Requests memory; {@code b} and {@code norm} may be null. */
  UnusedGradients(BuildContext context, Parameter b, NormState norm) {
    bias = slot(context, b);
    gamma = slot(context, norm == null ? null : norm.gamma());
    beta = slot(context, norm == null ? null : norm.beta());
  }

  private static Slot slot(BuildContext context, Parameter parameter) {
    boolean needed = parameter != null && context.usage().training();
    return needed ? context.saved(parameter.layouts().gradient()) : null;
  }

  private static Tensor tensor(Slot slot) {
    return slot == null ? null : slot.tensor();
  }

  ConvBlockPlan.Gradients ofBlock() {
    return new ConvBlockPlan.Gradients(null, tensor(bias), tensor(gamma), tensor(beta));
  }

  Tensor gamma() {
    return gamma.tensor();
  }

  Tensor beta() {
    return beta.tensor();
  }
}
