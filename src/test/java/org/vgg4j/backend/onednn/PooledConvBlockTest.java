package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** Convolutions that pool what they write beside those whose output is pooled afterwards. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.CpuLibrary#isLoaded",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
final class PooledConvBlockTest {
  private static final MaxPool2dSpec POOL = new MaxPool2dSpec(2, 2);

  /** Odd edges, one tile, threads with images of their own and, of many filters, together. */
  @ParameterizedTest
  @CsvSource({
    "WINOGRAD_2D, FP32, 3, 16, 32, 30, 41",
    "WINOGRAD_2D, FP32, 1, 32, 16, 112, 113",
    "WINOGRAD_2D, FP32, 2, 16, 16, 2, 3",
    "WINOGRAD_2D, FP32, 2, 272, 288, 13, 9",
    "WINOGRAD_2D, BF16, 3, 48, 32, 13, 10",
    "WINOGRAD_2D, BF16, 1, 272, 288, 21, 14",
    "WINOGRAD_6X6, BF16, 3, 16, 32, 30, 41",
    "WINOGRAD_6X6, BF16, 1, 16, 16, 57, 92",
    "WINOGRAD_6X6, BF16, 2, 208, 208, 9, 15"
  })
  void itIsTheSame(
      Convolutions way, Precision precision, int n, int c, int k, int height, int width) {
    Conv2dSpec spec = new Conv2dSpec(c, k, 3, 1, true, false);
    compare(way, precision, new ConvBlockSpec(spec, null, POOL), Shape.of(n, c, height, width));
  }

  private static void compare(
      Convolutions way, Precision precision, ConvBlockSpec spec, Shape shape) {
    OneDnnOptions options =
        OneDnnOptions.DEFAULT
            .withPrecision(precision)
            .withEmulation(true)
            .withConvolutions(way)
            .withThreads(2);
    DType type = precision == Precision.BF16 ? DType.BF16 : DType.F32;
    OneDnnLayout images = OneDnnLayout.of(shape, ImageOrder.BLOCKS_OF_16.desc(shape, type));
    Usage usage = Usage.INFERENCE;
    try (OneDnnBackend backend = new OneDnnBackend(options);
        Memory memory = new Memory(backend);
        TimingMemory slots = new TimingMemory(backend, "test");
        WeightedPlan single = backend.conv2d(spec.activatedConv(), images, null, usage);
        ConvBlockPlan block = backend.convBlock(spec, images, null, usage, slots)) {
      assertTrue(block instanceof PooledConvBlock);
      assertEquals(single.w(), block.w());
      slots.take();
      Tensor x = memory.random(images, 1);
      Tensor w = memory.random(single.w(), 2);
      Tensor b = memory.random(backend.plainLayout(spec.conv().b(), DType.F32), 3);
      Tensor y = memory.random(single.y(), 4);
      single.forward(x, w, b, y);
      var parameters = new ConvBlockPlan.Parameters(w, b, null, null, null, null);
      Tensor pooled = block.forward(x, parameters, false);
      assertEquals(POOL.y(y.shape()), pooled.shape());
      assertArrayEquals(pool(download(y), y.shape()), download(pooled));
      assertThrows(IllegalStateException.class, () -> block.forwardAgain(x, parameters));
      assertThrows(IllegalStateException.class, () -> block.backward(pooled, parameters, null));
    }
  }

  private static float[] download(Tensor tensor) {
    float[] values = new float[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  private static float[] pool(float[] y, Shape shape) {
    int width = shape.dim(3);
    Shape pooled = POOL.y(shape);
    float[] values = new float[pooled.arrayLength()];
    for (int i = 0; i < values.length; i++) {
      int column = i % pooled.dim(3);
      int row = i / pooled.dim(3) % pooled.dim(2);
      int plane = i / pooled.dim(3) / pooled.dim(2);
      int at = (plane * shape.dim(2) + 2 * row) * width + 2 * column;
      values[i] = Math.max(Math.max(y[at], y[at + 1]), Math.max(y[at + width], y[at + width + 1]));
    }
    return values;
  }

  /** What is trained, has a norm, or is pooled in another way is composed. */
  @Test
  void othersAreComposed() {
    Conv2dSpec conv = new Conv2dSpec(32, 32, 3, 1, true, false);
    assertTrue(isPooled(new ConvBlockSpec(conv, null, POOL), Usage.INFERENCE));
    assertFalse(isPooled(new ConvBlockSpec(conv, null, POOL), Usage.TRAINING));
    assertFalse(isPooled(new ConvBlockSpec(conv, null, null), Usage.INFERENCE));
    assertFalse(isPooled(new ConvBlockSpec(conv, null, new MaxPool2dSpec(3, 1)), Usage.INFERENCE));
    assertFalse(
        isPooled(new ConvBlockSpec(conv, BatchNorm2dSpec.of(32, true), POOL), Usage.INFERENCE));
  }

  private static boolean isPooled(ConvBlockSpec spec, Usage usage) {
    OneDnnOptions options = OneDnnOptions.DEFAULT.withConvolutions(Convolutions.WINOGRAD_2D);
    Shape shape = Shape.of(2, 32, 24, 24);
    OneDnnLayout images = OneDnnLayout.of(shape, ImageOrder.BLOCKS_OF_16.desc(shape, DType.F32));
    try (OneDnnBackend backend = new OneDnnBackend(options);
        TimingMemory slots = new TimingMemory(backend, "test");
        ConvBlockPlan plan = backend.convBlock(spec, images, null, usage, slots)) {
      return plan instanceof PooledConvBlock;
    }
  }
}
