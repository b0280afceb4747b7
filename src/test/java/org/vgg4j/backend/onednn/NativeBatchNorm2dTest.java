package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Batch norms in C++ beside oneDNN's; the tests of operations compare them with the reference. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.CpuLibrary#isLoaded",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
final class NativeBatchNorm2dTest {
  /** Fewer pixels than sums beside each other, more than are summed in single precision. */
  @ParameterizedTest
  @CsvSource({
    "FP32, 3, 32, 1, 2, true, false",
    "FP32, 1, 48, 13, 11, true, false",
    "FP32, 5, 16, 9, 30, false, false",
    "FP32, 4, 32, 6, 5, true, true",
    "BF16, 3, 32, 7, 19, true, false",
    "BF16, 2, 16, 3, 3, false, true"
  })
  void itIsTheSameButForRounding(
      Precision precision, int n, int c, int height, int width, boolean relu, boolean frozen) {
    BatchNorm2dSpec spec = new BatchNorm2dSpec(c, 1e-5, 0.1, relu, frozen);
    Shape shape = Shape.of(n, c, height, width);
    List<float[]> right = run(precision, spec, shape, 2, false);
    List<float[]> single = run(precision, spec, shape, 1, true);
    List<float[]> results = run(precision, spec, shape, 2, true);
    for (int i = 0; i < right.size(); i++) {
      assertArrayEquals(single.get(i), results.get(i), "the number of threads counts in " + i);
      double largest = 0;
      double worst = 0;
      for (int k = 0; k < right.get(i).length; k++) {
        largest = Math.max(largest, Math.abs(right.get(i)[k]));
        worst = Math.max(worst, Math.abs(results.get(i)[k] - right.get(i)[k]));
      }
      boolean isRounded = precision == Precision.BF16 && i < 2;
      double tolerance = largest * (isRounded ? 0x1p-7 : 64 * 0x1p-23);
      assertTrue(worst <= tolerance, "result " + i + ": " + worst + " > " + tolerance);
    }
  }

  /** Returns y, dx, dgamma, dbeta and the running statistics. */
  private static List<float[]> run(
      Precision precision, BatchNorm2dSpec spec, Shape shape, int threads, boolean isNative) {
    OneDnnOptions options =
        OneDnnOptions.DEFAULT.withPrecision(precision).withEmulation(true).withThreads(threads);
    OneDnnLayout images = images(shape, precision == Precision.BF16 ? DType.BF16 : DType.F32);
    List<float[]> results = new ArrayList<>();
    try (OneDnnBackend backend = new OneDnnBackend(options);
        Dnnl own = new Dnnl(options);
        Memory memory = new Memory(backend);
        BatchNorm2dPlan plan =
            isNative
                ? backend.batchNorm2d(spec, images, Usage.TRAINING)
                : new OneDnnBatchNorm2d(own, spec, images, Usage.TRAINING)) {
      assertEquals(isNative, plan instanceof NativeBatchNorm2d);
      Layout channels = backend.plainLayout(spec.parameter(), DType.F32);
      Tensor x = memory.random(images, 1);
      Tensor gamma = memory.random(channels, 2);
      Tensor beta = memory.random(channels, 3);
      Tensor mean = memory.random(channels, 4);
      Tensor variance = memory.random(channels, 5);
      variance.fill(i -> 1 + i % 3);
      Tensor y = memory.random(images, 6);
      Tensor saved = memory.zeros(plan.saved());
      Tensor dy = memory.random(images, 7);
      Tensor dx = memory.random(images, 8);
      Tensor dgamma = memory.random(channels, 9);
      Tensor dbeta = memory.random(channels, 10);
      plan.forwardTraining(x, gamma, beta, mean, variance, y, saved);
      plan.backward(x, dy, gamma, beta, saved, dx, dgamma, dbeta);
      for (Tensor result : List.of(y, dx, dgamma, dbeta, mean, variance)) {
        float[] values = new float[result.shape().arrayLength()];
        result.download(values);
        results.add(values);
      }
    }
    return results;
  }

  private static OneDnnLayout images(Shape shape, DType type) {
    return OneDnnLayout.of(shape, ImageOrder.BLOCKS_OF_16.desc(shape, type));
  }

  /** What is not a number stays so behind the ReLU. */
  @Test
  void whatIsNotANumberShows() {
    BatchNorm2dSpec spec = BatchNorm2dSpec.of(16, true);
    OneDnnLayout images = images(Shape.of(1, 16, 2, 2), DType.F32);
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT);
        Memory memory = new Memory(backend);
        BatchNorm2dPlan plan = backend.batchNorm2d(spec, images, Usage.INFERENCE)) {
      Layout channels = backend.plainLayout(spec.parameter(), DType.F32);
      Tensor x = memory.random(images, 1);
      x.fill(i -> i == 5 ? Double.NaN : -1);
      Tensor zeros = memory.zeros(channels);
      Tensor ones = memory.zeros(channels);
      ones.fill(i -> 1);
      Tensor y = memory.random(images, 2);
      plan.forwardInference(x, ones, zeros, zeros, ones, y);
      float[] values = new float[y.shape().arrayLength()];
      y.download(values);
      for (int i = 0; i < values.length; i++) {
        assertTrue(i == 5 ? Float.isNaN(values[i]) : values[i] == 0, i + ": " + values[i]);
      }
    }
  }
}
