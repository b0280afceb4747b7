package com.example;

import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Initializer;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Parameter;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/** y = x / (1 + exp(-beta x)), with one learned beta. */
public final class Swish implements Module {
  private Parameter beta; // (1)
  private Slot y;
  private Slot dx;
  private double[] xs; // of the last forward

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    beta = context.parameter("beta", Shape.of(1), Initializer.constant(1));
    y = context.activation(x);
    dx = context.usage().inputGradient() ? context.gradient(x) : null;
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    xs = values(x);
    double b = values(beta.value())[0];
    double[] ys = new double[xs.length];
    for (int i = 0; i < xs.length; i++) {
      ys[i] = xs[i] * sigmoid(b * xs[i]);
    }
    y.tensor().upload(ys);
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    double[] dys = values(dy);
    double b = values(beta.value())[0];
    double[] dxs = new double[xs.length];
    double dbeta = 0;
    for (int i = 0; i < xs.length; i++) {
      double s = sigmoid(b * xs[i]);
      dxs[i] = dys[i] * (s + b * xs[i] * s * (1 - s));
      dbeta += dys[i] * xs[i] * xs[i] * s * (1 - s);
    }
    beta.gradient().upload(new double[] {dbeta});
    if (dx == null) {
      return null;
    }
    dx.tensor().upload(dxs);
    return dx.tensor();
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] values(Tensor tensor) {
    double[] values = new double[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }
}
