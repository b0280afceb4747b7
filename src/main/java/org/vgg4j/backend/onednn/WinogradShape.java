package org.vgg4j.backend.onednn;

import java.util.List;
import org.bytedeco.dnnl.memory;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;

/**
 * The layouts of a {@link WinogradConv2d}, and on how much of the images it works at a time: n
 * images, T rows of tiles or fewer. In one dimension transformed x is (n, 6 C, T, W), y (n, 6 K, T,
 * W) and w (6, K, C, 1, 3); in two, of Q tiles a row and P = 36 or 64 values of a tile, x (1, P C,
 * 1, n T Q), y (1, P K, 1, n T Q) and w (P, K, C, 1, 1).
 */
final class WinogradShape {
  /** Minimal filtering in one dimension and in two. */
  static final List<Convolutions> WAYS =
      List.of(Convolutions.WINOGRAD_1D, Convolutions.WINOGRAD_2D, Convolutions.WINOGRAD_6X6);

  /** The pooling that y may have passed. */
  static final MaxPool2dSpec POOL = new MaxPool2dSpec(2, 2);

  /** Rows of a tile of an output, but for {@link Convolutions#WINOGRAD_6X6}. */
  static final int TILE = 4;

  /** Rows and columns of a filter. */
  static final int TAPS = 3;

  /** Channels of a block. */
  static final int BLOCK = 16;

  /** The least bytes of transformed rows that are worked on at a time. */
  private static final long LEAST_AT_ONCE = 3L << 20;

  /** The most, where the filters, which are read anew each time, take as much. */
  private static final long MOST_AT_ONCE = 32L << 20;

  private final Conv2dSpec spec;
  private final Shape x;
  private final DType type;
  private final boolean isPooled;
  private final boolean isSquare;
  private final int tile;
  private final int points;
  private final int taps;
  private final int columns;
  private final int tiles;
  private final int tilesAtOnce; // at most
  private final int images;

  /**
   * Divides images (N, C, H, W).
   *
   * @param type of the images' values; transformed values and filters are in single precision
   * @param isPooled whether y is what a max-pooling of 2x2 leaves of it
   */
  WinogradShape(Conv2dSpec spec, Shape x, DType type, Convolutions way, boolean isPooled) {
    this.spec = spec;
    this.x = x;
    this.type = type;
    this.isPooled = isPooled;
    isSquare = isSquare(way);
    tile = tile(way);
    points = points(way);
    taps = isSquare ? 1 : TAPS;
    columns = isSquare ? tiles(x.dim(3)) : x.dim(3);
    tiles = tiles(x.dim(2));
    long channels = (long) spec.inChannels() + spec.outChannels();
    long tileBytes = points * channels * columns * Float.BYTES;
    long bytes = Math.max(LEAST_AT_ONCE, Math.min(transformedW().bytes(), MOST_AT_ONCE));
    double wanted = (double) bytes / tileBytes;
    tilesAtOnce = isSquare && CpuLibrary.isLoaded() ? evenly(wanted) : divisor(tiles, wanted);
    images = tilesAtOnce < tiles ? 1 : divisor(x.dim(0), wanted / tiles);
  }

  /** Returns the way whose filters have a layout. */
  static Convolutions way(OneDnnLayout stored) {
    long groups = stored.desc().get_dims().get(0);
    return WAYS.stream().filter(way -> points(way) == groups).findFirst().orElseThrow();
  }

  /** Returns whether a way filters in two dimensions. */
  static boolean isSquare(Convolutions way) {
    return way == Convolutions.WINOGRAD_2D || way == Convolutions.WINOGRAD_6X6;
  }

  /** Returns the rows of a tile of an output. */
  static int tile(Convolutions way) {
    return way == Convolutions.WINOGRAD_6X6 ? 6 : TILE;
  }

  private static int points(Convolutions way) {
    int side = side(tile(way));
    return isSquare(way) ? side * side : side;
  }

  /** Returns the transformed values of a tile along an axis. */
  private static int side(int tile) {
    return tile + TAPS - 1;
  }

  private int tiles(int length) {
    return (length + tile - 1) / tile;
  }

  /** Returns the most rows of tiles of parts of about the same size. */
  private int evenly(double wanted) {
    long parts = Math.max(1, Math.min(Math.round(tiles / wanted), tiles));
    return (int) ((tiles + parts - 1) / parts);
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

  /** Returns the layout of images (N, C, H, W). */
  static OneDnnLayout images(Shape shape, DType type) {
    return OneDnnLayout.of(shape, Dnnl.ordered(shape, type, memory.format_tag.aBcd16b));
  }

  /** Returns the layout of filters (K, C, 3, 3). */
  static OneDnnLayout filters(Shape shape) {
    return layout(shape, memory.format_tag.OIhw16i16o);
  }

  private static OneDnnLayout layout(Shape shape, memory.format_tag order) {
    return OneDnnLayout.of(shape, Dnnl.ordered(shape, DType.F32, order));
  }

  /**
   * Describes the tiles of images.
   *
   * @param operand what they are, for a person
   * @param first the row, and the column, that the first tile begins with
   */
  Tiles tilesOf(Dnnl context, String operand, int channels, int first) {
    int planes = channels / BLOCK;
    return isSquare
        ? Tiles.squares(
            context,
            operand,
            type,
            tile,
            new Planes(planes, x.dim(2), x.dim(3), BLOCK, tile, first),
            isPooled)
        : new RowTiles(context, operand, planes, x.dim(2), x.dim(3) * BLOCK, TILE, first);
  }

  /** Returns the groups of the convolution: 6, 36 or 64 transformed values. */
  int points() {
    return points;
  }

  /**
   * Returns the group that is a plain sum: of a tile of the gradient of y it is the sum of the
   * values, and what is added to it in y is added to each value.
   */
  int sum() {
    return isSquare ? side(tile) + 1 : 1;
  }

  /** Returns how many taps are left of a filter's row. */
  int taps() {
    return taps;
  }

  /** Returns the rows of tiles of a plane. */
  int rows() {
    return tiles;
  }

  /** Returns into how many parts the rows of tiles of a plane are divided. */
  int parts() {
    return (tiles + tilesAtOnce - 1) / tilesAtOnce;
  }

  /** Returns a part of a plane of the images that are worked on at a time. */
  Tiles.Part part(int index) {
    int begin = tiles * index / parts();
    return new Tiles.Part(images, begin, tiles * (index + 1) / parts() - begin);
  }

  /** Returns a part of the largest size. */
  Tiles.Part largest() {
    return new Tiles.Part(images, 0, tilesAtOnce);
  }

  /** Returns the tiles of a plane in a part, in one dimension the columns of its rows. */
  int tiles(Tiles.Part part) {
    return part.count() * part.tiles() * columns;
  }

  /** Returns how many images are worked on at a time. */
  int images() {
    return images;
  }

  /** Returns the multiply-adds of a part. */
  long multiplyAdds(Tiles.Part part) {
    return multiplyAdds((long) part.count() * part.tiles());
  }

  /** Returns the multiply-adds of a forward. */
  long multiplyAddsInAll() {
    return multiplyAdds((long) x.dim(0) * tiles);
  }

  private long multiplyAdds(long rows) {
    return rows * columns * points * taps * spec.inChannels() * spec.outChannels();
  }

  /** Returns how many transformed values of x and y a forward has. */
  long transformedValues() {
    return transformedValues((long) x.dim(0) * tiles);
  }

  /** Returns how many transformed values of x and y so many rows of tiles have. */
  long transformedValues(long rows) {
    long channels = (long) spec.inChannels() + spec.outChannels();
    return points * channels * rows * columns;
  }

  /** Returns whether it is in two dimensions. */
  boolean isSquare() {
    return isSquare;
  }

  /** Returns whether y is what a max-pooling leaves of it. */
  boolean isPooled() {
    return isPooled;
  }

  /** Returns the rows of a tile of an output. */
  int tile() {
    return tile;
  }

  /** Returns the layout of x (N, C, H, W). */
  OneDnnLayout x() {
    return images(x, type);
  }

  /** Returns the layout of y (N, K, H, W), or (N, K, H/2, W/2). */
  OneDnnLayout y() {
    Shape y = spec.y(x);
    return images(isPooled ? POOL.y(y) : y, type);
  }

  /** Returns the layout of w (K, C, 3, 3): pixels of 16 x 16 values, three rows of three. */
  OneDnnLayout w() {
    return filters(spec.w());
  }

  /** Returns the layout of w for the gradient of x, of which each pixel is transposed. */
  OneDnnLayout flippedW() {
    return layout(spec.w(), memory.format_tag.OIhw16o16i);
  }

  /** Returns the layout of transformed x. */
  OneDnnLayout transformedX() {
    return transformed(spec.inChannels());
  }

  /** Returns the layout of transformed y. */
  OneDnnLayout transformedY() {
    return transformed(spec.outChannels());
  }

  private OneDnnLayout transformed(int channels) {
    return images(
        isSquare
            // One row: oneDNN is slower the narrower its images are.
            ? Shape.of(1, points * channels, 1, images * tilesAtOnce * columns)
            : Shape.of(images, points * channels, tilesAtOnce, columns),
        DType.F32);
  }

  /** Returns the layout of w (K, C, 3, 3) that is stored transformed. */
  OneDnnLayout storedW() {
    return w().transformed(transformedW().desc());
  }

  /** Returns the layout of transformed w. */
  OneDnnLayout transformedW() {
    return transformedFilters(memory.format_tag.gOIhw16i16o);
  }

  /** Returns the layout of w transformed for the gradient of x. */
  OneDnnLayout transformedFlippedW() {
    return transformedFilters(memory.format_tag.gOIhw16o16i);
  }

  private OneDnnLayout transformedFilters(memory.format_tag order) {
    return layout(Shape.of(points, spec.outChannels(), spec.inChannels(), 1, taps), order);
  }

  /** Returns the layout of the biases of all groups (6 K, 36 K or 64 K). */
  OneDnnLayout biases() {
    return OneDnnLayout.plain(Shape.of(points * spec.outChannels()), DType.F32);
  }
}
