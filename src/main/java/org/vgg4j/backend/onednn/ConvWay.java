package org.vgg4j.backend.onednn;

import java.util.List;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Usage;

/** How a convolution is computed: what is possible, and what takes least time by a count. */
final class ConvWay {
  // In multiply-adds of a convolution in single precision, some 0.0038 ns each, on two cores of an
  // AMD EPYC with AVX-512, 2026-11-27: what a transformed value costs, in Java more where rows are
  // short, and what it costs to transform a value of a filter.
  private static final double NATIVE_VALUE = 20;
  private static final double NATIVE_VALUE_6X6 = 30;
  private static final double NATIVE_FILTER = 30;
  private static final double VALUE_1D = 30;
  private static final double VALUE_1D_BY_COLUMN = 250;
  private static final double VALUE_2D = 42;
  private static final double VALUE_2D_BY_COLUMN = 380;

  // What it costs to read a value of the filters, from memory or, if they are small, from a cache.
  private static final double FILTER = 35;
  private static final double CACHED_FILTER = 8;
  private static final long CACHED = 1 << 20;

  /** What bf16 takes of the time of single precision: half at the peak, and oneDNN is near it. */
  private static final double BF16 = 0.53;

  /** The share of the time of a simpler way that is worth the change. */
  private static final double LEAST_GAIN = 0.9;

  /** The same of smaller tiles. */
  private static final double LEAST_GAIN_OF_TILES = 0.98;

  private ConvWay() {}

  /**
   * Returns how a convolution is to be computed.
   *
   * @param type of the engine's images; that of the net's own may be another
   * @param givenW the layout of existing weights, or null
   * @param orders the orders of its images, and what was asked for
   */
  static Convolutions of(
      Conv2dSpec spec,
      OneDnnLayout x,
      DType type,
      OneDnnLayout givenW,
      Usage usage,
      ConvOrders orders) {
    if (givenW != null && givenW.filters() != null) {
      return WinogradShape.way(givenW); // nothing else reads them
    }
    if (orders.way() != Convolutions.PREFERRED) {
      boolean isPossible = possible(spec, type, givenW, usage).contains(orders.way());
      return isPossible ? orders.way() : Convolutions.DIRECT;
    }
    List<Convolutions> ways = candidates(spec, type, givenW, usage);
    if (ways.contains(Convolutions.NARROW)) {
      return Convolutions.NARROW;
    }
    // Images in another order are copied into blocks of 16, by a direct convolution in that order
    // as well.
    return orders.x() == ImageOrder.BLOCKS_OF_16
            || x.matches(WinogradShape.images(x.shape(), x.dtype()).desc())
        ? fastest(ways, spec, x, givenW == null && isStored(usage))
        : Convolutions.DIRECT;
  }

  /** Returns the ways beside the direct one that the engine may choose by itself. */
  static List<Convolutions> candidates(
      Conv2dSpec spec, DType type, OneDnnLayout givenW, Usage usage) {
    return possible(spec, type, givenW, usage).stream()
        .filter(way -> type == DType.BF16 || way != Convolutions.WINOGRAD_6X6)
        .toList();
  }

  private static List<Convolutions> possible(
      Conv2dSpec spec, DType type, OneDnnLayout givenW, Usage usage) {
    int block = WinogradShape.BLOCK;
    if (NarrowConv2d.isPossible(spec, type, usage)) {
      boolean isReadable = givenW == null || givenW.equals(OneDnnLayout.plain(spec.w(), DType.F32));
      return isReadable ? List.of(Convolutions.NARROW) : List.of();
    }
    if (spec.kernel() != WinogradShape.TAPS
        || spec.padding() != 1
        || spec.inChannels() % block != 0
        || spec.outChannels() % block != 0
        || !Dnnl.hasAvx512()
        || (givenW != null && !givenW.equals(WinogradShape.filters(spec.w())))) {
      return List.of();
    }
    // Java's transforms are for images in single precision, and oneDNN's products for F(4, 3).
    return WinogradShape.WAYS.stream()
        .filter(
            way ->
                switch (way) {
                  case WINOGRAD_1D -> type == DType.F32;
                  case WINOGRAD_2D -> type == DType.F32 || CpuLibrary.isLoaded();
                  default -> CpuLibrary.isLoaded();
                })
        .toList();
  }

  /** Returns whether weights are stored transformed: those of a net that does not change them. */
  static boolean isStored(Usage usage) {
    return !usage.training() && !usage.exactWeights();
  }

  private static Convolutions fastest(
      List<Convolutions> ways, Conv2dSpec spec, OneDnnLayout x, boolean isStored) {
    Convolutions best = Convolutions.DIRECT;
    double filters = (double) spec.w().elementCount();
    double least = spec.multiplyAdds(x.shape()) + read(filters);
    least *= x.dtype() == DType.BF16 ? BF16 : 1;
    for (Convolutions way : ways) {
      WinogradShape shape = new WinogradShape(spec, x.shape(), x.dtype(), way, false);
      double cost = cost(shape, way, x.shape().dim(3), isStored);
      boolean isLarger = way == Convolutions.WINOGRAD_6X6 && best == Convolutions.WINOGRAD_2D;
      if (cost < (isLarger ? LEAST_GAIN_OF_TILES : LEAST_GAIN) * least) {
        least = cost;
        best = way;
      }
    }
    return best;
  }

  private static double cost(WinogradShape shape, Convolutions way, int columns, boolean isStored) {
    boolean isSquare = WinogradShape.isSquare(way);
    double value;
    double filter;
    if (isSquare && CpuLibrary.isLoaded()) {
      value = way == Convolutions.WINOGRAD_6X6 ? NATIVE_VALUE_6X6 : NATIVE_VALUE;
      filter = NATIVE_FILTER;
    } else {
      filter = isSquare ? VALUE_2D : VALUE_1D;
      value = filter + (isSquare ? VALUE_2D_BY_COLUMN : VALUE_1D_BY_COLUMN) / columns;
    }
    double filters = (double) shape.transformedW().shape().elementCount();
    return shape.multiplyAddsInAll()
        + value * shape.transformedValues()
        + read(filters)
        + (isStored ? 0 : filter * filters);
  }

  /** Returns what it costs to read so many values of filters. */
  private static double read(double values) {
    return (values > CACHED ? FILTER : CACHED_FILTER) * values;
  }
}
