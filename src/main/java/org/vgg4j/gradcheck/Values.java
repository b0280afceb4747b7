package org.vgg4j.gradcheck;

import java.util.Arrays;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Copies values to and from tensors, and makes inputs for checks. */
final class Values {
  private Values() {}

  static double[] of(Tensor tensor) {
    double[] values = new double[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  static void fill(Tensor tensor, double value) {
    double[] values = new double[tensor.shape().arrayLength()];
    Arrays.fill(values, value);
    tensor.upload(values);
  }

  /** Moves every value by a random amount in [-range, range). */
  static void spread(Tensor tensor, double range, long key) {
    double[] values = of(tensor);
    for (int i = 0; i < values.length; i++) {
      values[i] += range * (2 * CounterRandom.uniform(key, i) - 1);
    }
    tensor.upload(values);
  }

  /**
   * Returns a shuffled grid over a range: no two values are closer than its gap, the range's width
   * over their number; no value is closer to 0 than a quarter of it, nor are any two absolute
   * values.
   */
  static double[] grid(Shape shape, InputRange range, long key) {
    double[] values = new double[shape.arrayLength()];
    double gap = (range.high() - range.low()) / values.length;
    double first = Math.ceil(range.low() / gap - 0.25);
    for (int i = 0; i < values.length; i++) {
      values[i] = (first + i + 0.25) * gap;
    }
    for (int i = values.length - 1; i > 0; i--) {
      int j = CounterRandom.below(key, i, i + 1);
      double swapped = values[i];
      values[i] = values[j];
      values[j] = swapped;
    }
    return values;
  }
}
