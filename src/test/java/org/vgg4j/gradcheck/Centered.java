package org.vgg4j.gradcheck;

import java.util.Arrays;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Module;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * x less its mean, in training that of the batch, else the running one; right or with training and
 * evaluation mixed. Shapes: x, y alike; mean (1).
 */
final class Centered implements Module {
  private final Fault fault; // null for none
  private Buffer mean;
  private Slot y;
  private Slot dx;
  private boolean trained; // whether the last forward was for training
  private boolean evaluated; // whether any was for evaluation

  Centered(Fault fault) {
    this.fault = fault;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    mean = context.buffer("mean", Shape.of(1), 0);
    y = context.activation(x);
    dx = context.gradient(x);
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    trained = training;
    evaluated |= !training;
    double[] ys = Values.of(x);
    double running = Values.of(mean.value())[0];
    double center = training ? Arrays.stream(ys).average().orElseThrow() : running;
    if (training) {
      mean.value().upload(new double[] {0.9 * running + 0.1 * center});
    }
    Arrays.setAll(ys, i -> ys[i] - center);
    y.tensor().upload(ys);
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    double[] dxs = Values.of(dy);
    boolean constant = !trained;
    if (fault == Fault.BACKWARD_OF_EVALUATION) {
      constant = true;
    } else if (fault == Fault.BACKWARD_OF_TRAINING) {
      constant = false;
    } else if (fault == Fault.EVALUATION_LEAVES_A_TRACE) {
      constant = evaluated;
    }
    double less = constant ? 0 : Arrays.stream(dxs).average().orElseThrow();
    Arrays.setAll(dxs, i -> dxs[i] - less);
    dx.tensor().upload(dxs);
    return dx.tensor();
  }
}
