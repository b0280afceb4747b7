package org.vgg4j.train;

import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Tensor;

/** Looks for infinities and NaN in a net. */
final class NonFinite {
  private NonFinite() {}

  /** Returns the name of a parameter or running statistic that is not finite, or null. */
  static String firstIn(Network network) {
    for (Parameter parameter : network.parameters()) {
      if (!isFinite(parameter.value())) {
        return parameter.name();
      }
    }
    for (Buffer buffer : network.buffers()) {
      if (!isFinite(buffer.value())) {
        return buffer.name();
      }
    }
    return null;
  }

  private static boolean isFinite(Tensor tensor) {
    int length = tensor.shape().arrayLength();
    if (tensor.dtype() == DType.F64) {
      double[] values = new double[length];
      tensor.download(values);
      for (double value : values) {
        if (!Double.isFinite(value)) {
          return false;
        }
      }
      return true;
    }
    float[] values = new float[length];
    tensor.download(values);
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
