package org.vgg4j.gradcheck;

import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Module;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * x where x is positive, x / 4 elsewhere, and in training times 0 or 2 at random; right or with a
 * stale mask. Shapes: x, y alike.
 */
final class LeakyDropout implements Module {
  private final Fault fault; // null for none
  private StepState state;
  private Slot y;
  private Slot dx;
  private double[] first; // slopes of the first forward
  private double[] former;
  private double[] last;
  private long firstPass = -1;

  LeakyDropout(Fault fault) {
    this.fault = fault;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    state = context.stepState();
    y = context.activation(x);
    dx = context.gradient(x);
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    double[] xs = Values.of(x);
    double[] slopes = slopes(xs, training, state.forwardPass());
    double[] ys = new double[xs.length];
    for (int i = 0; i < ys.length; i++) {
      ys[i] = slopes[i] * xs[i];
    }
    firstPass = firstPass < 0 ? state.forwardPass() : firstPass;
    boolean stale = fault == Fault.DROPS_AS_IN_THE_FIRST_FORWARD;
    former = last == null ? slopes : last;
    last = stale ? slopes(xs, training, firstPass) : slopes;
    first = first == null ? slopes : first;
    y.tensor().upload(ys);
    return y.tensor();
  }

  private static double[] slopes(double[] xs, boolean training, long pass) {
    long key = CounterRandom.key(11, 0, pass);
    double[] slopes = new double[xs.length];
    for (int i = 0; i < slopes.length; i++) {
      double kept = CounterRandom.uniform(key, i) < 0.5 ? 0 : 2;
      slopes[i] = (training ? kept : 1) * (xs[i] > 0 ? 1 : 0.25);
    }
    return slopes;
  }

  @Override
  public Tensor backward(Tensor dy) {
    double[] slopes = last;
    if (fault == Fault.MASK_OF_THE_FIRST_FORWARD) {
      slopes = first;
    } else if (fault == Fault.MASK_OF_THE_FORMER_FORWARD) {
      slopes = former;
    }
    double[] dxs = Values.of(dy);
    for (int i = 0; i < dxs.length; i++) {
      dxs[i] *= slopes[i];
    }
    dx.tensor().upload(dxs);
    return dx.tensor();
  }
}
