package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;

/**
 * The layouts of a {@link WinogradConv2d}, on how much of the images it works at a time, and where
 * it is worth while.
 */
final class WinogradShape {
  /** Rows of a transformed tile. */
  static final int POINTS = 6;

  /** Rows of a tile. */
  static final int TILE = 4;

  /** Rows and columns of a filter. */
  static final int TAPS = 3;

  /** Channels of a block. */
  static final int BLOCK = 16;

  /** The least bytes of transformed rows that are worked on at a time. */
  private static final long LEAST_AT_ONCE = 3L << 20;

  /** The most, where the filters, which are read anew each time, take as much. */
  private static final long MOST_AT_ONCE = 16L << 20;

  /**
   * What a transformed value costs, in multiply-adds of a convolution: some 0.7 ns beside 0.017 ns
   * (two cores of an AMD EPYC with AVX-512, 2026-11-26).
   */
  private static final long COST_OF_TRANSFORM = 40;

  /** The share of the direct convolution's time that is worth the change. */
  private static final double LEAST_GAIN = 0.9;

  private final Conv2dSpec spec;
  private final Shape x;
  private final int tiles;
  private final int tilesAtOnce;
  private final int images;

  /** Divides images (N, C, H, W). */
  WinogradShape(Conv2dSpec spec, Shape x) {
    this.spec = spec;
    this.x = x;
    tiles = tiles(x.dim(2));
    long channels = (long) spec.inChannels() + spec.outChannels();
    long tileBytes = POINTS * channels * x.dim(3) * Float.BYTES;
    long bytes = Math.max(LEAST_AT_ONCE, Math.min(transformedW().bytes(), MOST_AT_ONCE));
    double wanted = (double) bytes / tileBytes;
    tilesAtOnce = divisor(tiles, wanted);
    images = tilesAtOnce < tiles ? 1 : divisor(x.dim(0), wanted / tiles);
  }

  /**
   * Returns whether a convolution is to be computed so.
   *
   * @param givenW the layout of existing weights, or null
   * @param way what was asked for
   */
  static boolean isFor(
      Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage, Convolutions way) {
    if (givenW != null && givenW.filters() != null) {
      return true; // nothing else reads them
    }
    boolean isPossible =
        spec.kernel() == TAPS
            && spec.padding() == 1
            && spec.inChannels() % BLOCK == 0
            && spec.outChannels() % BLOCK == 0
            && x.dtype() == DType.F32
            && Dnnl.hasAvx512()
            && (givenW == null || givenW.equals(filters(spec.w())));
    return isPossible
        && switch (way) {
          case DIRECT -> false;
          case WINOGRAD -> true;
          case PREFERRED ->
              x.matches(images(x.shape()).desc())
                  && isFaster(spec, x.shape(), givenW == null && isStored(usage));
        };
  }

  /** Returns whether weights are stored transformed: those of a net that does not change them. */
  static boolean isStored(Usage usage) {
    return !usage.training() && !usage.exactWeights();
  }

  private static boolean isFaster(Conv2dSpec spec, Shape x, boolean isStored) {
    long filters = (long) spec.inChannels() * spec.outChannels();
    long columns = (long) x.dim(0) * tiles(x.dim(2)) * x.dim(3);
    long products = columns * POINTS * TAPS * filters;
    long channels = (long) spec.inChannels() + spec.outChannels();
    long transformed = POINTS * (columns * channels + (isStored ? 0 : TAPS * filters));
    return products + COST_OF_TRANSFORM * transformed < LEAST_GAIN * spec.multiplyAdds(x);
  }

  private static int tiles(int height) {
    return (height + TILE - 1) / TILE;
  }

  /** Returns the divisor of a number that is nearest to another, by their ratio. */
  private static int divisor(int of, double wanted) {
    int best = 1;
    for (int divisor = 2; divisor <= of; divisor++) {
      if (of % divisor == 0 && divisor * (double) best < wanted * wanted) {
        best = divisor;
      }
    }
    return best;
  }

  private static OneDnnLayout images(Shape shape) {
    return layout(shape, memory.format_tag.aBcd16b);
  }

  private static OneDnnLayout filters(Shape shape) {
    return layout(shape, memory.format_tag.OIhw16i16o);
  }

  private static OneDnnLayout layout(Shape shape, memory.format_tag order) {
    return OneDnnLayout.of(shape, Dnnl.ordered(shape, DType.F32, order));
  }

  /** Returns the tiles of a plane. */
  int tiles() {
    return tiles;
  }

  /** Returns how many tiles of each plane are worked on at a time. */
  int tilesAtOnce() {
    return tilesAtOnce;
  }

  /** Returns how many images are worked on at a time. */
  int images() {
    return images;
  }

  /** Returns the multiply-adds of what is done at a time. */
  long multiplyAdds() {
    long columns = (long) images * tilesAtOnce * x.dim(3);
    return columns * POINTS * TAPS * spec.inChannels() * spec.outChannels();
  }

  /** Returns the layout of x (N, C, H, W). */
  OneDnnLayout x() {
    return images(x);
  }

  /** Returns the layout of y (N, K, H, W). */
  OneDnnLayout y() {
    return images(spec.y(x));
  }

  /** Returns the layout of w (K, C, 3, 3): three rows of 3 x 16 x 16 values follow each other. */
  OneDnnLayout w() {
    return filters(spec.w());
  }

  /** Returns the layout of transformed x (n, 6 C, T, W). */
  OneDnnLayout transformedX() {
    return images(Shape.of(images, POINTS * spec.inChannels(), tilesAtOnce, x.dim(3)));
  }

  /** Returns the layout of transformed y (n, 6 K, T, W). */
  OneDnnLayout transformedY() {
    return images(Shape.of(images, POINTS * spec.outChannels(), tilesAtOnce, x.dim(3)));
  }

  /** Returns the layout of w (K, C, 3, 3) that is stored transformed. */
  OneDnnLayout storedW() {
    return w().transformed(transformedW().desc());
  }

  /** Returns the layout of transformed w (6, K, C, 1, 3). */
  OneDnnLayout transformedW() {
    Shape groups = Shape.of(POINTS, spec.outChannels(), spec.inChannels(), 1, TAPS);
    return layout(groups, memory.format_tag.gOIhw16i16o);
  }

  /** Returns the layout of the biases of all groups (6 K). */
  OneDnnLayout biases() {
    return OneDnnLayout.plain(Shape.of(POINTS * spec.outChannels()), DType.F32);
  }
}
