package org.vgg4j.gradcheck;

import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Module;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * Passes values and gradients on, and uses gradient memory as any following layer does: what the
 * checked module kept there is lost. It leaves NaN behind.
 */
final class Follower implements Module {
  private Slot dx;

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    dx = context.gradient(x);
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    return x;
  }

  @Override
  public Tensor backward(Tensor dy) {
    dx.tensor().copyFrom(dy);
    Values.fill(dy, Double.NaN);
    return dx.tensor();
  }
}
