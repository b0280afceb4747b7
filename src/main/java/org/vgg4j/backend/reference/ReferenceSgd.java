package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Types;

/**
 * SGD, with or without momentum, over whole slabs.
 *
 * <p>Source: PyTorch {@code torch.optim.SGD} ({@code _single_tensor_sgd}) without dampening and
 * Nesterov's variant.
 */
final class ReferenceSgd extends ReferenceOptimizer {
  private final SgdSpec spec;
  private final ReferenceArena v; // null without momentum
  private final StepState state;

  ReferenceSgd(Types types, SgdSpec spec, ParameterSlabs slabs, Arena v, StepState state) {
    super("SGD", types, slabs);
    this.spec = spec;
    this.state = state;
    if (spec.momentum() == 0 && v != null) {
      throw new IllegalArgumentException("SGD without momentum takes no v");
    }
    this.v = spec.momentum() == 0 ? null : slab("v", v);
  }

  @Override
  void update(double[] ps, double[] gs, int first, int end, double factor) {
    double[] vs = v == null ? null : v.values();
    boolean isFirst = state.step() == 0;
    double learningRate = factor * state.learningRate();
    for (int i = first; i < end; i++) {
      double gradient = gs[i] + spec.weightDecay() * ps[i];
      if (vs != null) {
        gradient += isFirst ? 0 : spec.momentum() * vs[i];
        vs[i] = gradient;
      }
      ps[i] -= learningRate * gradient;
    }
  }
}
