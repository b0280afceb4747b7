package org.vgg4j.nn;

import java.util.Arrays;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Tensor;

/** Values in and out of tensors, for tests. */
public final class Values {
  private Values() {}

  /** Returns all values, row-major. */
  public static double[] of(Tensor tensor) {
    double[] values = new double[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  /** Fills a tensor with standard normal values. */
  public static void random(Tensor tensor, long seed) {
    double[] values = new double[tensor.shape().arrayLength()];
    for (int i = 0; i < values.length; i++) {
      values[i] = CounterRandom.gaussian(seed, i);
    }
    tensor.upload(values);
  }

  /** Fills a tensor with one value. */
  public static void fill(Tensor tensor, double value) {
    double[] values = new double[tensor.shape().arrayLength()];
    Arrays.fill(values, value);
    tensor.upload(values);
  }
}
