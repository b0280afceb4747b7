package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** The backward of a ReLU fused into another operation; does nothing without a ReLU. */
final class ReluGradient {
  private final ReluPlan plan; // null without a ReLU, like the slot
  private final Slot masked; // of the layout of y

  /** Requests gradient memory; the input's must be requested before. */
  ReluGradient(BuildContext context, Layout y, boolean relu) {
    boolean needed = relu && context.usage().training();
    plan = needed ? context.planBackward(context.backend().relu(y, Usage.TRAINING)) : null;
    masked = needed ? context.gradient(y) : null;
  }

  /** Returns dy where y is positive, else 0. */
  Tensor backward(Tensor y, Tensor dy) {
    if (plan == null) {
      return dy;
    }
    plan.backward(y, dy, masked.tensor());
    return masked.tensor();
  }
}
