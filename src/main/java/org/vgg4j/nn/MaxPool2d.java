package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/**
 * Max pooling.
 *
 * <p>Shapes: x (N, C, H, W), y (N, C, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.MaxPool2d}.
 */
public final class MaxPool2d extends WindowLayer {
  private final MaxPool2dSpec spec;

  /** Creates an unbuilt layer. */
  public MaxPool2d(MaxPool2dSpec spec) {
    super("a max-pool");
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  WindowPlan plan(Backend backend, Layout x, Usage usage) {
    return backend.maxPool2d(spec, x, usage);
  }
}
