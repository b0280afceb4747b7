package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/**
 * Local response normalization across channels.
 *
 * <p>Shapes: x, y (N, C, H, W).
 *
 * <p>Source: Krizhevsky, Sutskever and Hinton, 2012; PyTorch {@code torch.nn.LocalResponseNorm}.
 */
public final class LocalResponseNorm extends WindowLayer {
  private final LrnSpec spec;

  /** Creates an unbuilt layer. */
  public LocalResponseNorm(LrnSpec spec) {
    super("a local response norm");
    this.spec = spec;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  WindowPlan plan(Backend backend, Layout x, Usage usage) {
    return backend.localResponseNorm(spec, x, usage);
  }
}
