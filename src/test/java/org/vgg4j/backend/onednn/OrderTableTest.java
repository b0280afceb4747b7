package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;

/** Orders that nobody timed lead to kernels: oneDNN's plain loops are a thousand times slower. */
final class OrderTableTest {
  private static final int[] VGG11 = {64, 128, 256, 256, 512, 512, 512, 512};
  private static final int[] VGG16 = {64, 64, 128, 128, 256, 256, 256, 512, 512, 512};
  private static final int[] PARTS = {1, 2, 4, 8, 16};

  private static Conv2dSpec conv(int c, int k) {
    return new Conv2dSpec(c, k, 3, 1, true, false);
  }

  @ParameterizedTest
  @CsvSource({"fp32, true", "fp32, false", "bf16, true", "bf16, false"})
  void everyConvolutionOfTheFamilyHasKernels(String precision, boolean training) {
    Assumptions.assumeTrue(Dnnl.hasAvx512(), "the table is for AVX-512");
    Assumptions.assumeTrue(
        !precision.equals("bf16") || OneDnnReport.hasBf16(), "this CPU has no bf16");
    OneDnnOptions options = OneDnnOptions.DEFAULT.withPrecision(Precision.of(precision));
    try (Dnnl dnnl = new Dnnl(options)) {
      DType type = dnnl.types().activation();
      for (int images : new int[] {1, 3}) {
        for (int part : PARTS) {
          for (int[] net : new int[][] {VGG11, VGG16}) {
            int c = images;
            OneDnnLayout x = OneDnnLayout.plain(Shape.of(2, c, 12, 12), type);
            boolean isFirst = true;
            for (int full : net) {
              Conv2dSpec spec = conv(c, full / part);
              Usage usage = new Usage(training, training && !isFirst);
              ConvOrders orders = OrderTable.of(spec, options, type);
              if (ConvWay.of(spec, x, type, null, usage, orders) == Convolutions.NARROW) {
                try (NarrowConv2d plan = new NarrowConv2d(dnnl, spec, x, usage, orders)) {
                  x = (OneDnnLayout) plan.y();
                }
              } else {
                try (OneDnnConv2d plan = new OneDnnConv2d(dnnl, spec, x, null, usage, orders)) {
                  assertFalse(
                      plan.hasPlainLoops(), () -> spec + " of 1/" + part + " is in plain loops");
                  x = (OneDnnLayout) plan.y();
                }
              }
              c = full / part;
              isFirst = false;
            }
          }
        }
      }
    }
  }

  @Test
  void narrowImagesAreInSmallBlocksAndOthersInLargeOnes() {
    Assumptions.assumeTrue(Dnnl.hasAvx512(), "the table is for AVX-512");
    ConvOrders narrow = OrderTable.of(conv(8, 8), OneDnnOptions.DEFAULT, DType.F32);
    assertEquals(ImageOrder.BLOCKS_OF_8, narrow.x());
    assertEquals(ImageOrder.BLOCKS_OF_8, narrow.y());
    ConvOrders wide = OrderTable.of(conv(64, 128), OneDnnOptions.DEFAULT, DType.F32);
    assertEquals(ImageOrder.BLOCKS_OF_16, wide.x());
    assertEquals(ImageOrder.BLOCKS_OF_16, wide.y());
    OneDnnOptions direct = OneDnnOptions.DEFAULT.withConvolutions(Convolutions.DIRECT);
    ConvOrders between = OrderTable.of(conv(8, 16), direct, DType.F32);
    assertEquals(ImageOrder.BLOCKS_OF_8, between.x());
    assertEquals(ImageOrder.ANY, between.y());
    ConvOrders ours = OrderTable.of(conv(8, 16), OneDnnOptions.DEFAULT, DType.F32);
    assertEquals(CpuLibrary.isLoaded() ? ImageOrder.BLOCKS_OF_16 : ImageOrder.ANY, ours.y());
    assertEquals(ImageOrder.ANY, OrderTable.of(conv(3, 64), OneDnnOptions.DEFAULT, DType.F32).x());
  }
}
