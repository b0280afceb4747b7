package org.vgg4j.nn;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;

/** Writes the values that a net starts with. */
final class InitialValues {
  private static final long STREAMS =
      2L << 32; // one a parameter; dropout and the shuffles have others
  private static final int CHUNK = 1 << 16;

  private InitialValues() {}

  static void set(Registry registry, NetworkOptions options) {
    for (Buffer buffer : registry.buffers()) {
      double[] values = new double[buffer.shape().arrayLength()];
      Arrays.fill(values, buffer.initial());
      buffer.value().upload(values);
    }
    List<Parameter> parameters = registry.parameters();
    for (int i = 0; options.initialValues() && i < parameters.size(); i++) {
      set(parameters.get(i), CounterRandom.key(options.seed(), STREAMS + i, 0));
    }
  }

  /** Draws in parallel: each value depends on its index only. */
  private static void set(Parameter parameter, long key) {
    Initializer initializer = parameter.initializer();
    int count = parameter.shape().arrayLength();
    IntStream chunks = IntStream.range(0, (count - 1) / CHUNK + 1).parallel();
    if (parameter.layout().dtype() == DType.F64) {
      double[] values = new double[count];
      chunks.forEach(
          chunk -> {
            for (int i = chunk * CHUNK; i < end(chunk, count); i++) {
              values[i] = initializer.value(key, i);
            }
          });
      parameter.value().upload(values);
    } else {
      float[] values = new float[count];
      chunks.forEach(
          chunk -> {
            for (int i = chunk * CHUNK; i < end(chunk, count); i++) {
              values[i] = (float) initializer.value(key, i);
            }
          });
      parameter.value().upload(values);
    }
  }

  private static int end(int chunk, int count) {
    return (int) Math.min(count, (chunk + 1L) * CHUNK);
  }
}
