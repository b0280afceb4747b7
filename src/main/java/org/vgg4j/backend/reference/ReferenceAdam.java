package org.vgg4j.backend.reference;

import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Types;

/**
 * Adam over whole slabs.
 *
 * <p>Source: Kingma and Ba, 2015, algorithm 1, in the form of PyTorch {@code torch.optim.Adam}
 * ({@code _single_tensor_adam}).
 */
final class ReferenceAdam extends ReferenceOptimizer {
  private final AdamSpec spec;
  private final ReferenceArena m;
  private final ReferenceArena v;
  private final StepState state;

  ReferenceAdam(
      Types types, AdamSpec spec, ParameterSlabs slabs, Arena m, Arena v, StepState state) {
    super("Adam", types, slabs);
    this.spec = spec;
    this.m = slab("m", m);
    this.v = slab("v", v);
    this.state = state;
  }

  @Override
  void update(double[] ps, double[] gs, int first, int end, double factor) {
    double[] ms = m.values();
    double[] vs = v.values();
    double t = state.step() + 1.0;
    double stepSize = factor * state.learningRate() / (1 - Math.pow(spec.beta1(), t));
    double rootCorrection = Math.sqrt(1 - Math.pow(spec.beta2(), t));
    for (int i = first; i < end; i++) {
      double gradient = gs[i] + spec.weightDecay() * ps[i];
      ms[i] = spec.beta1() * ms[i] + (1 - spec.beta1()) * gradient;
      vs[i] = spec.beta2() * vs[i] + (1 - spec.beta2()) * gradient * gradient;
      ps[i] -= stepSize * ms[i] / (Math.sqrt(vs[i]) / rootCorrection + spec.epsilon());
    }
  }
}
