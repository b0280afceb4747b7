package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * A convolution, optionally followed by a ReLU.
 *
 * <p>Shapes: x (N, C, H, W), weight (K, C, R, S), bias (K), y (N, K, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.Conv2d}.
 */
public final class Conv2d extends WeightedLayer {
  private final Conv2dSpec spec;

  /** Creates an unbuilt layer. */
  public Conv2d(Conv2dSpec spec, Initialization initialization) {
    super("a convolution", spec, initialization.weight(spec), initialization.bias(spec));
    this.spec = spec;
  }

  @Override
  public Layout inputLayout(Backend backend, Shape x) {
    return backend.firstLayout(x);
  }

  @Override
  WeightedPlan plan(Backend backend, Layout x, Layout givenW, Usage usage) {
    return backend.conv2d(spec, x, givenW, usage);
  }
}
