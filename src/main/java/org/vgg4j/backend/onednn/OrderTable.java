package org.vgg4j.backend.onednn;

import java.util.List;
import org.vgg4j.backend.onednn.OneDnnOptions.Activations;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;

/**
 * The orders of images for convolutions that nobody timed: by channels, type and instruction set.
 * Fewer channels than a block are filled up with zeros, which take memory and arithmetic.
 *
 * <p>Measured on two cores of an AMD EPYC with AVX-512, VGG16 at width 1/8, 224 pixels, batch 64
 * (2026-11-26): with blocks of 8 a step in single precision takes 0.71 times as long and 0.63 times
 * the memory. In bf16, where only blocks of 16 have fast norms, the filters' gradients of so few
 * channels take a quarter of the time with channels innermost.
 */
final class OrderTable {
  private static final List<Row> ROWS =
      List.of(
          new Row(Part.IMAGES, 2, 8, DType.F32, true, ImageOrder.BLOCKS_OF_8),
          new Row(Part.FILTERS, 1, 15, DType.BF16, true, ImageOrder.NHWC));

  private OrderTable() {}

  private enum Part {
    IMAGES,
    FILTERS
  }

  /**
   * A row, valid for what matches all of it; else the order is oneDNN's.
   *
   * @param part the images of the forward, by their channels, or those that the gradient of filters
   *     reads, by the fewer of both channels
   * @param from the fewest channels
   * @param to the most
   * @param avx512 whether registers hold 16 floats
   */
  private record Row(Part part, int from, int to, DType type, boolean avx512, ImageOrder order) {
    boolean matches(Part wanted, int channels, DType stored) {
      return part == wanted
          && from <= channels
          && channels <= to
          && type == stored
          && avx512 == Dnnl.hasAvx512();
    }
  }

  private static ImageOrder find(Part part, int channels, DType type) {
    return ROWS.stream()
        .filter(row -> row.matches(part, channels, type))
        .map(Row::order)
        .findFirst()
        .orElse(ImageOrder.ANY);
  }

  /** Returns the orders of a convolution of images in a type. */
  static ConvOrders of(Conv2dSpec spec, Activations asked, DType type) {
    if (asked == Activations.NHWC) {
      return new ConvOrders(ImageOrder.NHWC, ImageOrder.NHWC, ImageOrder.NHWC);
    }
    int c = spec.inChannels();
    int k = spec.outChannels();
    return new ConvOrders(
        find(Part.IMAGES, c, type),
        find(Part.IMAGES, k, type),
        find(Part.FILTERS, Math.min(c, k), type));
  }
}
