package org.vgg4j.gradcheck;

import java.util.function.BiConsumer;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Initializer;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Parameter;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * y = w f(x) + b elementwise, with f, its slope and whatever is to go wrong from outside. Shapes:
 * x, y, w, b all alike.
 */
class ElementwiseModule implements Module {
  /** A function of one value. */
  interface Function {
    double of(double x);
  }

  private final Function f;
  private final Function slope;
  private BiConsumer<double[], double[]> tamperX = (dx, x) -> {};
  private BiConsumer<double[], double[]> tamperW = (dw, x) -> {};
  Parameter w;
  Parameter b;
  Slot y;
  Slot dx;
  private Tensor input;

  ElementwiseModule(Function f, Function slope) {
    this.f = f;
    this.slope = slope;
  }

  /** A smooth and curved one. */
  static ElementwiseModule smooth() {
    return new ElementwiseModule(Math::tanh, x -> 1 - Math.tanh(x) * Math.tanh(x));
  }

  /** One whose slope jumps from -1 to 1 at 0; there it claims to have the left one. */
  static ElementwiseModule absolute() {
    return new ElementwiseModule(Math::abs, x -> x > 0 ? 1 : -1);
  }

  /** Lets somebody change the gradient of the input; also given the input. */
  ElementwiseModule tamperX(BiConsumer<double[], double[]> change) {
    tamperX = change;
    return this;
  }

  /** Lets somebody change the gradient of w; also given what the gradient held before. */
  ElementwiseModule tamperW(BiConsumer<double[], double[]> change) {
    tamperW = change;
    return this;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    w = context.parameter("w", x.shape(), Initializer.constant(1));
    b = context.parameter("b", x.shape(), Initializer.constant(0));
    y = context.activation(x);
    dx = context.gradient(x);
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    input = x;
    double[] xs = Values.of(x);
    double[] ws = Values.of(w.value());
    double[] bs = Values.of(b.value());
    double[] ys = new double[xs.length];
    for (int i = 0; i < xs.length; i++) {
      ys[i] = ws[i] * f.of(xs[i]) + bs[i];
    }
    y.tensor().upload(ys);
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    double[] dys = Values.of(dy);
    double[] xs = Values.of(input);
    double[] ws = Values.of(w.value());
    double[] dxs = new double[xs.length];
    double[] dws = new double[xs.length];
    for (int i = 0; i < xs.length; i++) {
      dxs[i] = dys[i] * ws[i] * slope.of(xs[i]);
      dws[i] = dys[i] * f.of(xs[i]);
    }
    tamperX.accept(dxs, xs);
    tamperW.accept(dws, Values.of(w.gradient()));
    dx.tensor().upload(dxs);
    w.gradient().upload(dws);
    b.gradient().upload(dys);
    return dx.tensor();
  }
}
