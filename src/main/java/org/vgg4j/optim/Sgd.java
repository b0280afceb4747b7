package org.vgg4j.optim;

import java.util.List;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.SgdSpec;

/**
 * Stochastic gradient descent, with or without momentum. Source: PyTorch {@code torch.optim.SGD}.
 *
 * @param spec its constants, except the learning rate
 */
public record Sgd(SgdSpec spec) implements Optimizer {
  private static final List<String> KINDS = List.of("momentum_buffer");

  /** Creates SGD without weight decay. */
  public Sgd(double momentum) {
    this(new SgdSpec(momentum, 0));
  }

  @Override
  public String name() {
    return "sgd";
  }

  private List<String> kinds() {
    return spec.momentum() > 0 ? KINDS : List.of();
  }

  @Override
  public int stateSlabs() {
    return kinds().size();
  }

  @Override
  public AttachedOptimizer attach(Network network, double headFactor) {
    return new AttachedOptimizer(
        network,
        headFactor,
        kinds(),
        (slabs, own) ->
            network
                .backend()
                .sgd(spec, slabs, own.isEmpty() ? null : own.get(0), network.stepState()));
  }
}
