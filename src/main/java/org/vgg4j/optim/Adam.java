package org.vgg4j.optim;

import java.util.List;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.AdamSpec;

/**
 * Adam. Source: Kingma and Ba, 2015; PyTorch {@code torch.optim.Adam}.
 *
 * @param spec its constants, except the learning rate
 */
public record Adam(AdamSpec spec) implements Optimizer {
  private static final List<String> KINDS = List.of("exp_avg", "exp_avg_sq");

  /** Creates Adam with PyTorch's constants. */
  public Adam() {
    this(AdamSpec.DEFAULT);
  }

  @Override
  public String name() {
    return "adam";
  }

  @Override
  public int stateSlabs() {
    return KINDS.size();
  }

  @Override
  public AttachedOptimizer attach(Network network, double headFactor) {
    return new AttachedOptimizer(
        network,
        headFactor,
        KINDS,
        (slabs, own) ->
            network.backend().adam(spec, slabs, own.get(0), own.get(1), network.stepState()));
  }
}
