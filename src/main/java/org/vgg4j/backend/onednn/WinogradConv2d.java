package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * A convolution of 3x3 filters in single precision with half the arithmetic: minimal filtering down
 * the columns ({@link RowTransform}), oneDNN's direct convolution along the rows. Four rows of an
 * image become six, each of which is convolved with filters 1x3 of its own, a group of one grouped
 * convolution. Shapes: x (N, C, H, W), w (K, C, 3, 3), b (K), y (N, K, H, W), all in blocks of 16
 * channels; transformed x (n, 6 C, T, W), y (n, 6 K, T, W) and w (6, K, C, 1, 3), for T tiles of 4
 * rows.
 *
 * <p>It runs on a part of the images, and of their tiles, at a time, so that the transformed rows
 * stay in the cache and take little memory.
 */
final class WinogradConv2d extends OneDnnPlan implements WeightedPlan {
  /** Rows of a transformed tile. */
  static final int POINTS = 6;

  /** Rows of a tile. */
  private static final int TILE = 4;

  private static final int TAPS = 3;
  private static final int BLOCK = 16;

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
  private final OneDnnLayout x; // as it is given
  private final OneDnnLayout y;
  private final OneDnnLayout w;
  private final OneDnnLayout b; // null without a bias
  private final OrderedCopy xCopy;
  private final OrderedCopy dxCopy; // null when not asked for
  private final int tiles; // of an image
  private final int atOnce; // tiles of an image that are worked on at a time
  private final int images; // that are worked on at a time
  private final OneDnnLayout v; // transformed x
  private final OneDnnLayout m; // transformed y
  private final OneDnnLayout u; // transformed w
  private final OneDnnLayout biases; // of all groups; null without a bias
  private final Scratch.Place vPlace;
  private final Scratch.Place mPlace;
  private final Scratch.Place uPlace;
  private final Scratch.Place biasPlace; // null without a bias
  private final RowTiles wTiles;
  private final RowTiles xTiles; // read with the rows above and below
  private final RowTiles yTiles;
  private final RowTiles dxTiles;
  private final RowTiles dyTiles; // read with the rows above and below
  private final Operation forward;
  private final Operation data; // null when not asked for
  private final Operation weights; // null when planned for inference

  WinogradConv2d(Dnnl context, Conv2dSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "convolution", "x " + x.shape() + ", w " + spec.w());
    this.spec = spec;
    this.x = x;
    y = images(spec.y(x.shape()));
    w = filters(spec.w());
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    int batch = x.shape().dim(0);
    int height = x.shape().dim(2);
    int width = x.shape().dim(3);
    tiles = tiles(height);
    long tileBytes = (long) POINTS * (spec.inChannels() + spec.outChannels()) * width * Float.BYTES;
    long filterBytes = (long) POINTS * TAPS * spec.inChannels() * spec.outChannels() * Float.BYTES;
    long bytes = Math.max(LEAST_AT_ONCE, Math.min(filterBytes, MOST_AT_ONCE));
    double tilesAtOnce = (double) bytes / tileBytes;
    atOnce = divisor(tiles, tilesAtOnce);
    images = atOnce < tiles ? 1 : divisor(batch, tilesAtOnce / tiles);
    v = images(Shape.of(images, POINTS * spec.inChannels(), atOnce, width));
    m = images(Shape.of(images, POINTS * spec.outChannels(), atOnce, width));
    Shape groups = Shape.of(POINTS, spec.outChannels(), spec.inChannels(), 1, TAPS);
    u = OneDnnLayout.of(groups, desc(groups, memory.format_tag.gOIhw16i16o));
    biases =
        b == null ? null : OneDnnLayout.plain(Shape.of(POINTS * spec.outChannels()), DType.F32);
    int row = width * BLOCK;
    int in = spec.inChannels() / BLOCK;
    int out = spec.outChannels() / BLOCK;
    int filterRow = TAPS * BLOCK * BLOCK;
    wTiles = new RowTiles(context, "filters", 1, TAPS * in * out, filterRow, TAPS, 0);
    xTiles = new RowTiles(context, "x", in, height, row, TILE, -1);
    yTiles = new RowTiles(context, "y", out, height, row, TILE, 0);
    dxTiles = new RowTiles(context, "dx", in, height, row, TILE, 0);
    dyTiles = new RowTiles(context, "dy", out, height, row, TILE, -1);
    try {
      memory.desc blocks = images(x.shape()).desc();
      xCopy = new OrderedCopy(this, "x", x, blocks, false);
      boolean hasData = usage.training() && usage.inputGradient();
      dxCopy = hasData ? new OrderedCopy(this, "dx", x, blocks, true) : null;
      vPlace = place(v);
      mPlace = place(m);
      uPlace = place(u);
      biasPlace = biases == null ? null : place(biases);
      try (convolution_forward.primitive_desc description = describe("", () -> forward(usage))) {
        forward =
            operation("", description)
                .multiplyAdds(multiplyAdds())
                .direct(dnnl.DNNL_ARG_SRC, "x", v)
                .direct(dnnl.DNNL_ARG_WEIGHTS, "w", u)
                .direct(dnnl.DNNL_ARG_BIAS, "b", biases)
                .direct(dnnl.DNNL_ARG_DST, "y", m)
                .build();
        data = hasData ? data(description) : null;
        weights = usage.weightGradients() ? weights(description) : null;
      }
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /**
   * Returns whether a convolution is to be computed so.
   *
   * @param givenW the layout of existing weights, or null
   */
  static boolean isFor(Dnnl context, Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW) {
    boolean isPossible =
        spec.kernel() == TAPS
            && spec.padding() == 1
            && spec.inChannels() % BLOCK == 0
            && spec.outChannels() % BLOCK == 0
            && x.dtype() == DType.F32
            && Dnnl.hasAvx512()
            && (givenW == null || givenW.equals(filters(spec.w())));
    return isPossible
        && switch (context.options().convolutions()) {
          case DIRECT -> false;
          case WINOGRAD -> true;
          case PREFERRED -> x.matches(images(x.shape()).desc()) && isFaster(spec, x.shape());
        };
  }

  private static boolean isFaster(Conv2dSpec spec, Shape x) {
    long filters = (long) spec.inChannels() * spec.outChannels();
    long columns = (long) x.dim(0) * tiles(x.dim(2)) * x.dim(3);
    long products = columns * POINTS * TAPS * filters;
    long transformed =
        POINTS * (columns * (spec.inChannels() + spec.outChannels()) + TAPS * filters);
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
    return OneDnnLayout.of(shape, desc(shape, memory.format_tag.aBcd16b));
  }

  private static OneDnnLayout filters(Shape shape) {
    return OneDnnLayout.of(shape, desc(shape, memory.format_tag.OIhw16i16o));
  }

  private static memory.desc desc(Shape shape, memory.format_tag order) {
    return new memory.desc(Dnnl.dims(shape), memory.data_type.f32, order);
  }

  private long multiplyAdds() {
    return (long) images
        * atOnce
        * x.shape().dim(3)
        * POINTS
        * TAPS
        * spec.inChannels()
        * spec.outChannels();
  }

  private memory.desc bias() {
    return biases == null ? new memory.desc() : biases.desc();
  }

  private convolution_forward.primitive_desc forward(Usage usage) {
    try (primitive_attr attributes = Dnnl.attributes(false)) {
      return new convolution_forward.primitive_desc(
          context().engine(),
          forwardKind(usage),
          dnnl.algorithm.convolution_direct,
          v.desc(),
          u.desc(),
          bias(),
          m.desc(),
          new long[] {1, 1},
          new long[] {0, 1},
          new long[] {0, 1},
          attributes,
          false);
    }
  }

  private Operation data(convolution_forward.primitive_desc hint) {
    memory.desc any =
        new memory.desc(Dnnl.dims(u.shape()), memory.data_type.f32, memory.format_tag.any);
    try (convolution_backward_data.primitive_desc description =
        describe(
            " data gradient",
            () ->
                new convolution_backward_data.primitive_desc(
                    context().engine(),
                    dnnl.algorithm.convolution_direct,
                    v.desc(),
                    any,
                    m.desc(),
                    new long[] {1, 1},
                    new long[] {0, 1},
                    new long[] {0, 1},
                    hint))) {
      return operation(" data gradient", description)
          .multiplyAdds(multiplyAdds())
          .input(dnnl.DNNL_ARG_WEIGHTS, "w", u, description.weights_desc(0))
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", m)
          .direct(dnnl.DNNL_ARG_DIFF_SRC, "dx", v)
          .build();
    }
  }

  private Operation weights(convolution_forward.primitive_desc hint) {
    memory.desc any =
        new memory.desc(Dnnl.dims(u.shape()), memory.data_type.f32, memory.format_tag.any);
    try (convolution_backward_weights.primitive_desc description =
        describe(
            " weights gradient",
            () ->
                new convolution_backward_weights.primitive_desc(
                    context().engine(),
                    dnnl.algorithm.convolution_direct,
                    v.desc(),
                    any,
                    bias(),
                    m.desc(),
                    new long[] {1, 1},
                    new long[] {0, 1},
                    new long[] {0, 1},
                    hint))) {
      return operation(" weights gradient", description)
          .multiplyAdds(multiplyAdds())
          .direct(dnnl.DNNL_ARG_SRC, "x", v)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", m)
          .output(dnnl.DNNL_ARG_DIFF_WEIGHTS, "dw", u, description.diff_weights_desc(0))
          .direct(dnnl.DNNL_ARG_DIFF_BIAS, "db", biases)
          .build();
    }
  }

  @Override
  public Layout w() {
    return w;
  }

  @Override
  public Layout y() {
    return y;
  }

  /** Works on a part of the images, from an image on. */
  private interface Work {
    void run(int image, RowTiles.Part part);
  }

  /** Does something for each part of the images that is worked on at a time. */
  private void parts(Work work) {
    for (int image = 0; image < x.shape().dim(0); image += images) {
      for (int tile = 0; tile < tiles; tile += atOnce) {
        work.run(image, new RowTiles.Part(images, tile, atOnce));
      }
    }
  }

  private static long image(long address, OneDnnLayout layout, int image) {
    return address + layout.bytes() / layout.shape().dim(0) * image;
  }

  /** All filters, of which 16 x 16 make a tile. */
  private RowTiles.Part filters() {
    int blocks = spec.inChannels() / BLOCK * (spec.outChannels() / BLOCK);
    return new RowTiles.Part(1, 0, blocks);
  }

  @Override
  public void forward(Tensor xTensor, Tensor wTensor, Tensor bTensor, Tensor yTensor) {
    long from = xCopy.before(operand(xTensor, x, "x")).address();
    long to = address(yTensor, y, "y");
    wTiles.transform(
        RowTransform.FILTER, address(wTensor, w, "w"), filters(), uPlace.tensor().address());
    OneDnnTensor bias = null;
    if (b != null) {
      bias = biasPlace.tensor();
      float[] own = new float[spec.outChannels()];
      OneDnnTensor.of(bTensor, b, operand("b")).read(own);
      float[] all = new float[POINTS * own.length];
      // What is added to the second row of six is added to each of the four.
      System.arraycopy(own, 0, all, own.length, own.length);
      bias.write(all);
    } else if (bTensor != null) {
      throw new IllegalArgumentException(operand("b") + " was planned to be null");
    }
    OneDnnTensor added = bias;
    parts(
        (image, part) -> {
          OneDnnTensor in = vPlace.tensor();
          OneDnnTensor out = mPlace.tensor();
          xTiles.transform(RowTransform.INPUT, image(from, x, image), part, in.address());
          forward.run(in, uPlace.tensor(), added, out);
          yTiles.back(
              RowTransform.OUTPUT, out.address(), part, image(to, y, image), false, spec.relu());
        });
  }

  @Override
  public void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    Operation run = planned(data, "without an input gradient");
    long from = address(dy, y, "dy");
    OneDnnTensor given = operand(dx, x, "dx");
    long to = dxCopy.before(given).address();
    wTiles.transform(
        RowTransform.FLIPPED_FILTER,
        address(wTensor, w, "w"),
        filters(),
        uPlace.tensor().address());
    parts(
        (image, part) -> {
          OneDnnTensor in = mPlace.tensor();
          OneDnnTensor out = vPlace.tensor();
          dyTiles.transform(RowTransform.INPUT, image(from, y, image), part, in.address());
          run.run(uPlace.tensor(), in, out);
          dxTiles.back(RowTransform.OUTPUT, out.address(), part, image(to, x, image), false, false);
        });
    dxCopy.after(given);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    Operation run = planned(weights, "without gradients of the weights");
    long fromX = xCopy.before(operand(xTensor, x, "x")).address();
    long fromY = address(dy, y, "dy");
    long to = address(dw, w, "dw");
    float[] sums = new float[b == null ? 0 : spec.outChannels()];
    float[] all = new float[POINTS * sums.length];
    parts(
        (image, part) -> {
          OneDnnTensor in = vPlace.tensor();
          OneDnnTensor out = mPlace.tensor();
          xTiles.transform(RowTransform.INPUT, image(fromX, x, image), part, in.address());
          yTiles.transform(
              RowTransform.OUTPUT_GRADIENT, image(fromY, y, image), part, out.address());
          run.run(in, out, uPlace.tensor(), b == null ? null : biasPlace.tensor());
          boolean isFirst = image == 0 && part.begin() == 0;
          wTiles.back(
              RowTransform.FILTER_GRADIENT,
              uPlace.tensor().address(),
              filters(),
              to,
              !isFirst,
              false);
          if (b != null) {
            biasPlace.tensor().read(all);
            for (int k = 0; k < sums.length; k++) {
              sums[k] += all[sums.length + k]; // the second row of six is the sum of the four
            }
          }
        });
    if (db != null) {
      OneDnnTensor.of(db, b, operand("db")).write(sums);
    }
  }

  private OneDnnTensor operand(Tensor tensor, OneDnnLayout planned, String role) {
    return OneDnnTensor.of(tensor, planned, operand(role));
  }

  private long address(Tensor tensor, OneDnnLayout planned, String role) {
    return operand(tensor, planned, role).address();
  }
}
