package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** Convolutions between few channels, in C++, beside oneDNN's. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.CpuLibrary#isLoaded",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
final class NarrowConv2dTest {
  /** Rows of one register and of more, images in several parts, and in orders to be copied. */
  @ParameterizedTest
  @CsvSource({
    "3, 8, 8, 13, 21, BLOCKS_OF_8",
    "2, 8, 16, 9, 100, BLOCKS_OF_8",
    "2, 16, 8, 6, 48, BLOCKS_OF_16",
    "2, 24, 8, 6, 35, BLOCKS_OF_8",
    "1, 8, 40, 131, 7, NHWC",
    "2, 1, 8, 70, 50, PLAIN",
    "3, 3, 8, 5, 17, PLAIN",
    "2, 3, 8, 6, 33, NHWC",
    "1, 8, 8, 1, 1, BLOCKS_OF_8",
    "5, 8, 8, 2, 16, PLAIN"
  })
  void itIsTheDirectOne(int n, int c, int k, int h, int w, ImageOrder order) {
    Shape shape = Shape.of(n, c, h, w);
    for (boolean bias : new boolean[] {false, true}) {
      Conv2dSpec spec = new Conv2dSpec(c, k, 3, 1, bias, false);
      List<float[]> direct = run(Convolutions.DIRECT, spec, shape, order, 2);
      List<float[]> narrow = run(Convolutions.NARROW, spec, shape, order, 2);
      int[] lengths = {9 * c, n * h * w, n * h * w, 9 * k};
      for (int i = 0; i < direct.size(); i++) {
        double error = error(narrow.get(i), direct.get(i));
        double tolerance = 4 * Math.sqrt(lengths[i]) * 0x1p-24;
        int which = i;
        assertTrue(error <= tolerance, () -> "result " + which + ": " + error);
      }
      for (int threads : new int[] {1, 2, 3}) {
        List<float[]> again = run(Convolutions.NARROW, spec, shape, order, threads);
        for (int i = 0; i < narrow.size(); i++) {
          assertArrayEquals(narrow.get(i), again.get(i), "result " + i + ", threads " + threads);
        }
      }
    }
  }

  /** Returns y, dw, db (empty without a bias) and, where x has blocks of channels, dx. */
  private static List<float[]> run(
      Convolutions way, Conv2dSpec spec, Shape shape, ImageOrder order, int threads) {
    List<float[]> results = new ArrayList<>();
    boolean isFirst = shape.dim(1) < 8;
    OneDnnOptions options = OneDnnOptions.DEFAULT.withConvolutions(way).withThreads(threads);
    OneDnnLayout images = OneDnnLayout.of(shape, order.desc(shape, DType.F32));
    try (OneDnnBackend backend = new OneDnnBackend(options);
        WeightedPlan plan = backend.conv2d(spec, images, null, new Usage(true, !isFirst));
        Memory memory = new Memory(backend)) {
      assertEquals(way == Convolutions.NARROW, plan instanceof NarrowConv2d);
      Tensor x = memory.random(images, 1);
      Tensor w = memory.random(plan.w(), 2);
      Layout channels = backend.plainLayout(spec.b(), DType.F32);
      Tensor b = spec.bias() ? memory.random(channels, 3) : null;
      Tensor db = spec.bias() ? memory.random(channels, 4) : null;
      Tensor dy = memory.random(plan.y(), 5);
      Tensor y = memory.random(plan.y(), 6);
      Tensor dw = memory.random(plan.w(), 7);
      plan.forward(x, w, b, y);
      plan.backwardWeights(x, dy, dw, db);
      results.add(read(y));
      results.add(read(dw));
      results.add(db == null ? new float[0] : read(db));
      if (isFirst) {
        Tensor dx = memory.random(images, 8);
        assertThrows(IllegalStateException.class, () -> plan.backwardData(w, dy, dx));
      } else {
        Tensor dx = memory.random(images, 8);
        plan.backwardData(w, dy, dx);
        results.add(read(dx));
      }
    }
    return results;
  }

  private static float[] read(Tensor tensor) {
    float[] values = new float[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  /** Returns the norm of the difference by that of what is right. */
  private static double error(float[] values, float[] right) {
    assertEquals(right.length, values.length);
    double difference = 0;
    double norm = right.length == 0 ? 1 : 0;
    for (int i = 0; i < right.length; i++) {
      difference += Math.pow((double) values[i] - right[i], 2);
      norm += Math.pow(right[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  /** A ReLU behind the sum keeps what is not a number. */
  @Test
  void whatIsNegativeIsCut() {
    Conv2dSpec spec = new Conv2dSpec(8, 8, 3, 1, false, true);
    Shape shape = Shape.of(1, 8, 5, 20);
    OneDnnLayout images = OneDnnLayout.of(shape, ImageOrder.PLAIN.desc(shape, DType.F32));
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT.withThreads(2));
        WeightedPlan plan = backend.conv2d(spec, images, null, Usage.TRAINING);
        Memory memory = new Memory(backend)) {
      Tensor x = memory.random(images, 1);
      x.fill(i -> i == 0 ? Double.NaN : i < 100 ? i - 50 : 0); // the first channel
      Tensor w = memory.random(plan.w(), 2);
      w.fill(i -> i % 9 == 4 ? 1 : 0); // the pixel itself
      Tensor y = memory.random(plan.y(), 3);
      plan.forward(x, w, null, y);
      float[] values = read(y);
      for (int i = 0; i < values.length; i++) {
        int pixel = i % 100;
        if (pixel == 0 || pixel == 1 || pixel == 20 || pixel == 21) {
          assertTrue(Float.isNaN(values[i]), "value " + i + " is " + values[i]);
        } else {
          assertEquals(Math.max(0, pixel - 50), values[i], 0, "value " + i);
        }
      }
    }
  }

  @Test
  void itIsTakenForHalfABlock() {
    assertTrue(isTaken(8, 8, 3, null, Usage.TRAINING));
    assertTrue(isTaken(8, 16, 3, null, Usage.TRAINING));
    assertTrue(isTaken(1, 8, 3, null, Usage.FIRST_LAYER));
    assertFalse(isTaken(1, 8, 3, null, Usage.TRAINING), "no gradient of so few channels");
    assertFalse(isTaken(16, 16, 3, null, Usage.TRAINING), "whole blocks");
    assertFalse(isTaken(8, 12, 3, null, Usage.TRAINING), "neither half a block nor several");
    assertFalse(isTaken(8, 8, 1, null, Usage.TRAINING), "a filter of one tap");
    OneDnnLayout other =
        OneDnnLayout.of(
            Shape.of(8, 8, 3, 3), ImageOrder.NHWC.desc(Shape.of(8, 8, 3, 3), DType.F32));
    assertFalse(isTaken(8, 8, 3, other, Usage.TRAINING), "weights in another order");
  }

  /** The images of a net in bf16 are in single precision all the same. */
  @Test
  void itIsNothingForANetInBf16() {
    assumeTrue(Bf16UnderTest.isThere(), "bf16 needs AVX-512");
    Conv2dSpec spec = new Conv2dSpec(1, 8, 3, 1, false, false);
    OneDnnLayout images = OneDnnLayout.plain(Shape.of(2, 1, 16, 16), DType.F32);
    try (OneDnnBackend backend = new OneDnnBackend(Bf16UnderTest.options());
        WeightedPlan plan = backend.conv2d(spec, images, null, Usage.FIRST_LAYER)) {
      assertFalse(plan instanceof NarrowConv2d);
      assertEquals(DType.BF16, plan.y().dtype());
    }
  }

  private static boolean isTaken(int c, int k, int kernel, OneDnnLayout w, Usage usage) {
    Conv2dSpec spec = new Conv2dSpec(c, k, kernel, kernel / 2, false, false);
    OneDnnLayout images = OneDnnLayout.plain(Shape.of(2, c, 16, 16), DType.F32);
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT);
        WeightedPlan plan = backend.conv2d(spec, images, w, usage)) {
      return plan instanceof NarrowConv2d;
    }
  }
}
