package org.vgg4j.nn;

import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/**
 * Average pooling to a fixed size.
 *
 * <p>Shapes: x (N, C, H, W), y (N, C, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.AdaptiveAvgPool2d}.
 */
public final class AdaptiveAvgPool2d extends WindowLayer {
  private final AdaptiveAvgPool2dSpec spec;

  /** Creates an unbuilt layer. */
  public AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec spec) {
    super("an adaptive average pool");
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return spec.y(x);
  }

  @Override
  WindowPlan plan(Backend backend, Layout x, Usage usage) {
    return backend.adaptiveAvgPool2d(spec, x, usage);
  }
}
