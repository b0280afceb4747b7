package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * A fully connected layer, optionally followed by a ReLU. It flattens images itself.
 *
 * <p>Shapes: x (N, ...) with I values per sample, weight (O, I), bias (O), y (N, O).
 *
 * <p>Source: PyTorch {@code torch.nn.Linear}.
 */
public final class Linear extends WeightedLayer {
  private final LinearSpec spec;

  /** Creates an unbuilt layer. */
  public Linear(LinearSpec spec, Initialization initialization) {
    super("a fully connected layer", spec, initialization.weight(spec), initialization.bias(spec));
    this.spec = spec;
  }

  @Override
  WeightedPlan plan(Backend backend, Layout x, Layout givenW, Usage usage) {
    return backend.linear(spec, x, givenW, usage);
  }
}
