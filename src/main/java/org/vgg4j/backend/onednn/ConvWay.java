package org.vgg4j.backend.onednn;

import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;

/** How a convolution is computed: what is possible, and what takes least time by a count. */
final class ConvWay {
  // In multiply-adds of a convolution, some 0.0042 ns each, on two cores of an AMD EPYC with
  // AVX-512,
  // 2026-11-27: what a transformed value costs, which is more where rows are short, and what it
  // costs to read a value of a filter from memory.
  private static final double VALUE_1D = 30;
  private static final double VALUE_1D_BY_COLUMN = 250;
  private static final double VALUE_2D = 42;
  private static final double VALUE_2D_BY_COLUMN = 380;
  private static final double FILTER = 23;

  /** The share of the time of a simpler way that is worth the change. */
  private static final double LEAST_GAIN = 0.9;

  private ConvWay() {}

  /**
   * Returns how a convolution is to be computed.
   *
   * @param givenW the layout of existing weights, or null
   * @param asked what was asked for
   */
  static Convolutions of(
      Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage, Convolutions asked) {
    if (givenW != null && givenW.filters() != null) {
      return WinogradShape.way(givenW); // nothing else reads them
    }
    if (!isPossible(spec, x, givenW)) {
      return Convolutions.DIRECT;
    }
    if (asked != Convolutions.PREFERRED) {
      return asked;
    }
    return x.matches(WinogradShape.images(x.shape()).desc())
        ? fastest(spec, x.shape(), givenW == null && isStored(usage))
        : Convolutions.DIRECT;
  }

  /** Returns whether minimal filtering is possible. */
  static boolean isPossible(Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW) {
    int block = WinogradShape.BLOCK;
    return spec.kernel() == WinogradShape.TAPS
        && spec.padding() == 1
        && spec.inChannels() % block == 0
        && spec.outChannels() % block == 0
        && x.dtype() == DType.F32
        && Dnnl.hasAvx512()
        && (givenW == null || givenW.equals(WinogradShape.filters(spec.w())));
  }

  /** Returns whether weights are stored transformed: those of a net that does not change them. */
  static boolean isStored(Usage usage) {
    return !usage.training() && !usage.exactWeights();
  }

  private static Convolutions fastest(Conv2dSpec spec, Shape x, boolean isStored) {
    Convolutions best = Convolutions.DIRECT;
    double filters = (double) spec.w().elementCount();
    double least = spec.multiplyAdds(x) + FILTER * filters;
    for (Convolutions way : WinogradShape.WAYS) {
      double cost = cost(new WinogradShape(spec, x, way), way, x.dim(3), isStored);
      if (cost < LEAST_GAIN * least) {
        least = cost;
        best = way;
      }
    }
    return best;
  }

  private static double cost(WinogradShape shape, Convolutions way, int columns, boolean isStored) {
    boolean isSquare = way == Convolutions.WINOGRAD_2D;
    double each =
        isSquare
            ? VALUE_2D + VALUE_2D_BY_COLUMN / columns
            : VALUE_1D + VALUE_1D_BY_COLUMN / columns;
    double filters = (double) shape.transformedW().shape().elementCount();
    return shape.multiplyAddsInAll()
        + each * shape.transformedValues()
        + FILTER * filters
        + (isStored ? 0 : (isSquare ? VALUE_2D : VALUE_1D) * filters);
  }
}
