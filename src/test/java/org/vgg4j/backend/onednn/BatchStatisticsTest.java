package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.dnnl.memory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Mean and variance by either loop against double, and each against the other. */
final class BatchStatisticsTest {
  /** Runs in several parts, several images in one go, blocks that are not full. */
  @ParameterizedTest
  @CsvSource({
    "5, 24, 140, 141, aBcd16b",
    "5, 24, 140, 141, aBcd8b",
    "2, 16, 300, 301, aBcd16b",
    "70, 24, 37, 38, aBcd8b",
    "5, 24, 140, 141, acdb",
    "2, 3, 700, 701, abcd"
  })
  void eitherLoopMeasuresTheSame(int n, int c, int h, int w, memory.format_tag order) {
    Shape shape = Shape.of(n, c, h, w);
    long channelBytes = (long) c * Float.BYTES;
    OneDnnLayout layout = OneDnnLayout.of(shape, Dnnl.ordered(shape, DType.F32, order));
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT.withThreads(2));
        Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT.withThreads(2));
        Arena images = backend.allocate(Arena.align(layout.bytes()), "test");
        Arena results = backend.allocate(4L * Arena.align(channelBytes), "test")) {
      OneDnnTensor x = (OneDnnTensor) images.tensor(0, layout);
      long key = CounterRandom.key(1, 1, 1);
      float[] values = new float[shape.arrayLength()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (CounterRandom.uniform(key, i) + 3 * (i / (h * w) % c));
      }
      x.upload(values);
      BatchStatistics statistics = BatchStatistics.of(dnnl, layout);
      assertNotNull(statistics);
      Layout channels = backend.plainLayout(Shape.of(c), DType.F32);
      float[][] found = new float[4][c];
      for (int i = 0; i < 2; i++) {
        boolean inCpp = i == 1;
        if (inCpp && !CpuLibrary.isLoaded()) {
          return;
        }
        Tensor mean = results.tensor(2L * i * Arena.align(channelBytes), channels);
        Tensor variance = results.tensor((2L * i + 1) * Arena.align(channelBytes), channels);
        statistics.measure(x, (OneDnnTensor) mean, (OneDnnTensor) variance, inCpp);
        mean.download(found[2 * i]);
        variance.download(found[2 * i + 1]);
        check(values, shape, found[2 * i], found[2 * i + 1]);
      }
      assertArrayEquals(found[0], found[2], "means");
      assertArrayEquals(found[1], found[3], "variances");
    }
  }

  private static void check(float[] values, Shape shape, float[] means, float[] variances) {
    int pixels = shape.dim(2) * shape.dim(3);
    for (int c = 0; c < shape.dim(1); c++) {
      double sum = 0;
      double square = 0;
      for (int n = 0; n < shape.dim(0); n++) {
        int begin = (n * shape.dim(1) + c) * pixels;
        for (int i = begin; i < begin + pixels; i++) {
          sum += values[i];
          square += (double) values[i] * values[i];
        }
      }
      double mean = sum / shape.dim(0) / pixels;
      double variance = square / shape.dim(0) / pixels - mean * mean;
      // Some 250 values are summed one after the other, then sums in double.
      assertTrue(Math.abs(means[c] - mean) <= 1e-6 * mean, means[c] + ", not " + mean);
      assertTrue(
          Math.abs(variances[c] - variance) <= 1e-6 * variance, variances[c] + ", not " + variance);
    }
  }
}
