package org.vgg4j.backend.onednn;

import java.util.List;
import org.vgg4j.backend.onednn.OneDnnOptions.Activations;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Usage;

/**
 * The orders of images for convolutions that nobody timed: by channels, type and instruction set.
 * Fewer channels than a block are filled up with zeros, which take memory and arithmetic.
 *
 * <p>Measured on two cores of an AMD EPYC with AVX-512, VGG16 at width 1/8, 224 pixels, batch 64
 * (2026-11-26): with blocks of 8 a step in single precision takes 0.71 times as long and 0.63 times
 * the memory. In bf16, where only blocks of 16 have fast norms, the filters' gradients of so few
 * channels take a quarter of the time with channels innermost. Whole blocks of 16 are what minimal
 * filtering needs ({@link WinogradConv2d}); in a net for inference oneDNN would take channels
 * innermost, with which VGG16 takes 1.2 times as long for an image in bf16 (2026-11-27).
 */
final class OrderTable {
  /** Whether registers hold 16 floats. */
  private static final boolean AVX512 = Dnnl.hasAvx512();

  private static final List<Row> ROWS =
      List.of(
          new Row(Part.IMAGES, 8, 8, DType.F32, AVX512, false, ImageOrder.BLOCKS_OF_8),
          new Row(
              Part.IMAGES, 16, Integer.MAX_VALUE, DType.F32, AVX512, true, ImageOrder.BLOCKS_OF_16),
          // Without the library, which filters in bf16, the order is oneDNN's.
          new Row(
              Part.IMAGES,
              16,
              Integer.MAX_VALUE,
              DType.BF16,
              CpuLibrary.isLoaded(),
              true,
              ImageOrder.BLOCKS_OF_16),
          new Row(Part.FILTERS, 1, 15, DType.BF16, AVX512, false, ImageOrder.NHWC));

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
   * @param applies whether it is for this machine
   * @param whole whether only for channels that fill whole blocks
   */
  private record Row(
      Part part, int from, int to, DType type, boolean applies, boolean whole, ImageOrder order) {
    boolean matches(Part wanted, int channels, DType stored) {
      return part == wanted
          && from <= channels
          && (!whole || channels % order.block(channels) == 0)
          && channels <= to
          && type == stored
          && applies;
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
  static ConvOrders of(Conv2dSpec spec, OneDnnOptions options, DType type) {
    if (options.activations() == Activations.NHWC) {
      ImageOrder nhwc = ImageOrder.NHWC;
      return new ConvOrders(nhwc, nhwc, nhwc, options.convolutions());
    }
    int c = spec.inChannels();
    int k = spec.outChannels();
    ImageOrder x = find(Part.IMAGES, c, type);
    ImageOrder y = find(Part.IMAGES, k, type);
    // Between blocks of two sizes oneDNN has plain loops only.
    Convolutions way = options.convolutions();
    boolean isOurs = way == Convolutions.PREFERRED || way == Convolutions.NARROW;
    boolean isMixed =
        x != y
            && x != ImageOrder.ANY
            && !(isOurs && NarrowConv2d.isPossible(spec, type, Usage.TRAINING));
    return new ConvOrders(
        x, isMixed ? ImageOrder.ANY : y, find(Part.FILTERS, Math.min(c, k), type), way);
  }
}
