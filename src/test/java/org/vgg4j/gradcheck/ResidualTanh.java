package org.vgg4j.gradcheck;

import java.util.Arrays;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Parameter;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * y = x + tanh(x W), right or with one fault. Shapes: x, y (N, C); weight (C, C).
 *
 * <p>With t = tanh(x W) and dz = dy (1 - t^2): dx = dy + dz W', dW = x' dz. The padding is one more
 * column of x, which must not count.
 */
final class ResidualTanh implements Module {
  private final Fault fault; // null for none
  private Parameter weight;
  private Slot y;
  private Slot dx;
  private Slot kept; // t, and after each row one value of padding
  private int samples;
  private int channels;
  private double[] xs; // of the forward that the backward is for
  private double[] former; // of the forward before that one
  private double[] firstWeights;
  private int backwards;

  ResidualTanh(Fault fault) {
    this.fault = fault;
  }

  @Override
  public Shape outputShape(Shape x) {
    return x;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    samples = x.shape().dim(0);
    channels = x.shape().dim(1);
    Shape square = Shape.of(channels, channels);
    weight = context.parameter("weight", square, (key, i) -> 0.3 * Math.sin(1 + 5.0 * i));
    y = context.activation(x);
    dx = context.gradient(x);
    Shape padded = Shape.of(samples, channels + 1);
    Layout layout = context.backend().plainLayout(padded, context.backend().types().activation());
    boolean lent = fault == Fault.READS_Y_FROM_GRADIENT_MEMORY;
    kept = lent ? context.gradient(layout) : context.saved(layout);
    return x;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    former = xs == null ? Values.of(x) : xs;
    xs = xs != null && fault == Fault.INPUT_OF_THE_FIRST_FORWARD ? xs : Values.of(x);
    double[] now = Values.of(x);
    double[] w = Values.of(weight.value());
    firstWeights = firstWeights == null ? w : firstWeights;
    double[] ts = Values.of(kept.tensor());
    double[] ys = new double[now.length];
    for (int n = 0; n < samples; n++) {
      for (int k = 0; k < channels; k++) {
        double z = 0;
        for (int c = 0; c < channels; c++) {
          z += now[n * channels + c] * w[c * channels + k];
        }
        ts[n * (channels + 1) + k] = Math.tanh(z);
        ys[n * channels + k] = now[n * channels + k] + Math.tanh(z);
      }
      if (fault != Fault.NAN_IN_UNUSED_SLOTS) {
        ts[n * (channels + 1) + channels] = 0;
      }
    }
    kept.tensor().upload(ts);
    y.tensor().upload(ys);
    return y.tensor();
  }

  @Override
  public Tensor backward(Tensor dy) {
    backwards++;
    boolean stale = fault == Fault.WEIGHTS_OF_THE_FIRST_FORWARD;
    double[] w = stale ? firstWeights : Values.of(weight.value());
    double[] dz = dz(Values.of(dy));
    double[] dxs = new double[samples * channels];
    for (int i = 0; i < dxs.length; i++) {
      double direct = fault == Fault.MISSING_TERM ? 0 : Values.of(dy)[i];
      dxs[i] = direct + through(dz, w, i / channels, i % channels);
    }
    if (fault == Fault.ACCUMULATING_DX) {
      add(dxs, Values.of(dx.tensor()));
    }
    scale(dxs, fault == Fault.WRONG_SIGN ? -1 : fault == Fault.WRONG_FACTOR ? 1.001 : 1);
    scale(dxs, fault == Fault.SECOND_CALL && backwards > 1 ? 0.5 : 1);
    scale(dxs, fault == Fault.FIRST_CALL && backwards == 1 ? 0.5 : 1);
    dx.tensor().upload(dxs);
    if (fault == Fault.READS_Y_AFTER_DX_OVERWROTE_IT) {
      y.tensor().upload(dxs);
    }
    double[] dw = dw(Values.of(dy));
    if (fault == Fault.ACCUMULATING_DW) {
      add(dw, Values.of(weight.gradient()));
    }
    weight.gradient().upload(dw);
    scale(xs, fault == Fault.SECOND_CALL_AFTER_ONE_FORWARD ? 0 : 1);
    return dx.tensor();
  }

  /** Returns dW; t is needed once more. */
  private double[] dw(double[] dy) {
    double[] dz = dz(dy);
    double[] x = fault == Fault.INPUT_OF_THE_FORMER_FORWARD ? former : xs;
    double[] dw = new double[channels * channels];
    for (int i = 0; i < dw.length; i++) {
      for (int n = 0; n < samples; n++) {
        dw[i] += x[n * channels + i / channels] * dz[n * channels + i % channels];
      }
    }
    scale(dw, fault == Fault.WRONG_BATCH_SCALING ? 1.0 / samples : 1);
    return dw;
  }

  /** Returns dy (1 - t^2), to which the padding adds what it holds times 0. */
  private double[] dz(double[] dy) {
    double[] ts = Values.of(kept.tensor());
    double[] ys = Values.of(y.tensor());
    double[] dz = new double[dy.length];
    for (int i = 0; i < dz.length; i++) {
      int row = i / channels * (channels + 1);
      double t = ts[row + i % channels];
      if (fault == Fault.READS_Y_AFTER_DX_OVERWROTE_IT) {
        t = ys[i] - xs[i];
      } else if (fault == Fault.READS_Y_AFTER_A_SUM_IN_PLACE) {
        t = ys[i];
      }
      dz[i] = dy[i] * (1 - t * t) + 0 * ts[row + channels];
    }
    return dz;
  }

  private double through(double[] dz, double[] w, int n, int c) {
    double sum = 0;
    for (int k = 0; k < channels; k++) {
      int at = fault == Fault.TRANSPOSED ? k * channels + c : c * channels + k;
      sum += dz[n * channels + k] * w[at];
    }
    return sum;
  }

  private static void add(double[] sum, double[] more) {
    Arrays.setAll(sum, i -> sum[i] + more[i]);
  }

  private static void scale(double[] values, double factor) {
    Arrays.setAll(values, i -> factor * values[i]);
  }
}
