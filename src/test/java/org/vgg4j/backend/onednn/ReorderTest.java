package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Copies of images in bf16 whose pixels are half empty. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.Bf16UnderTest#isThere",
    disabledReason = "oneDNN has no blocks of 16 channels on this processor")
final class ReorderTest {
  @ParameterizedTest
  @CsvSource({
    "3, 8, 5, 7, NHWC",
    "2, 8, 32, 32, NHWC",
    "1, 8, 1, 3, BLOCKS_OF_8",
    "3, 8, 5, 7, PLAIN",
    "3, 24, 5, 7, NHWC",
    "3, 16, 5, 7, NHWC"
  })
  void valuesStay(int n, int c, int height, int width, ImageOrder order) {
    Shape shape = Shape.of(n, c, height, width);
    OneDnnLayout blocks = layout(shape, ImageOrder.BLOCKS_OF_16);
    OneDnnLayout other = layout(shape, order);
    try (Dnnl dnnl = new Dnnl(Bf16UnderTest.options().withThreads(2));
        OneDnnArena source = arena(dnnl, blocks);
        OneDnnArena target = arena(dnnl, other);
        Reorder reorder = new Reorder(dnnl, "x", blocks, other)) {
      boolean isOurs = CpuLibrary.isLoaded() && c == 8 && order != ImageOrder.PLAIN;
      assertEquals(isOurs, reorder.isOfHalves());
      OneDnnTensor from = source.tensor(0, blocks);
      OneDnnTensor to = target.tensor(0, other);
      from.fill(i -> i % 251 - 125); // exact in bf16
      to.fill(i -> 1000);
      reorder.run(from, to);
      assertArrayEquals(values(from), values(to));
    }
  }

  private static OneDnnArena arena(Dnnl dnnl, OneDnnLayout layout) {
    return new OneDnnArena(dnnl, Arena.align(layout.bytes()), MemoryOwner.STAGING);
  }

  private static OneDnnLayout layout(Shape shape, ImageOrder order) {
    return OneDnnLayout.of(shape, order.desc(shape, DType.BF16));
  }

  private static float[] values(Tensor tensor) {
    float[] values = new float[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }
}
