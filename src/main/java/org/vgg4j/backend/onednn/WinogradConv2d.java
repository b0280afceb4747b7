package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * A convolution of 3x3 filters by minimal filtering ({@link RowTransform}), with half or a quarter
 * of the products. In one dimension four rows of an image become six, each of which is convolved
 * along the row with filters 1x3 of its own, a group of one grouped convolution of oneDNN. In two
 * dimensions tiles of 4x4 values become 6x6, each of which is multiplied with filters 1x1 of its
 * own, a group again. Shapes: x (N, C, H, W), w (K, C, 3, 3), b (K), y (N, K, H, W), all in blocks
 * of 16 channels; what they are transformed to: {@link WinogradShape}. Images may be in bf16;
 * filters, transformed values and products are in single precision.
 *
 * <p>A net for inference stores the transformed filters; else they are transformed in each call.
 *
 * <p>It runs on a part of the images, and of their tiles, at a time, so that the transformed rows
 * stay in the cache and take little memory.
 */
final class WinogradConv2d extends OneDnnPlan implements WeightedPlan {
  private static final long[] STRIDES = {1, 1};

  private final Conv2dSpec spec;
  private final OneDnnLayout x; // as it is given
  private final OneDnnLayout y;
  private final OneDnnLayout w;
  private final OneDnnLayout b; // null without a bias
  private final OrderedCopy xCopy;
  private final OrderedCopy dxCopy; // null when not asked for
  private final WinogradShape shape;
  private final OneDnnLayout v; // transformed x
  private final OneDnnLayout m; // transformed y
  private final OneDnnLayout u; // transformed w
  private final OneDnnLayout flippedU; // the same for the data gradient, which is never stored
  private final OneDnnLayout biases; // of all groups; null without a bias
  private final Scratch.Place vPlace;
  private final Scratch.Place mPlace;
  private final Scratch.Place uPlace; // null where w is stored transformed
  private final Scratch.Place flippedPlace; // null without a data gradient
  private final Scratch.Place biasPlace; // null without a bias
  private final long[] padding;
  private final FilterTransform filterTransform;
  private final OrderedCopy flippedCopy; // null without a data gradient
  private final Tiles xTiles; // read with a row and a column before and after each
  private final Tiles yTiles;
  private final Tiles dxTiles;
  private final Tiles dyTiles; // read with a row and a column before and after each
  private final Operation forward;
  private final Operation data; // null when not asked for
  private final Operation weights; // null when planned for inference

  /**
   * Plans a convolution.
   *
   * @param way by minimal filtering in one dimension or two
   */
  WinogradConv2d(
      Dnnl context,
      Conv2dSpec spec,
      OneDnnLayout x,
      OneDnnLayout givenW,
      Usage usage,
      Convolutions way) {
    super(context, "convolution", "x " + x.shape() + ", w " + spec.w());
    this.spec = spec;
    this.x = x;
    shape = new WinogradShape(spec, x.shape(), context.types().activation(), way);
    y = shape.y();
    boolean isStored = givenW == null ? ConvWay.isStored(usage) : givenW.filters() != null;
    if (isStored && usage.training()) {
      throw new IllegalArgumentException(
          "weights stored for inference cannot be trained: w " + spec.w());
    }
    w = isStored ? shape.storedW() : shape.w();
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    v = shape.transformedX();
    m = shape.transformedY();
    u = shape.transformedW();
    flippedU = shape.transformedFlippedW();
    biases = b == null ? null : shape.biases();
    padding = new long[] {0, shape.taps() / 2};
    filterTransform = new FilterTransform(context, spec.w(), way);
    xTiles = shape.tilesOf(context, "x", spec.inChannels(), -1);
    yTiles = shape.tilesOf(context, "y", spec.outChannels(), 0);
    dxTiles = shape.tilesOf(context, "dx", spec.inChannels(), 0);
    dyTiles = shape.tilesOf(context, "dy", spec.outChannels(), -1);
    try {
      memory.desc blocks = shape.x().desc();
      xCopy = new OrderedCopy(this, "x", x, blocks, false);
      boolean hasData = usage.training() && usage.inputGradient();
      dxCopy = hasData ? new OrderedCopy(this, "dx", x, blocks, true) : null;
      vPlace = place(v);
      mPlace = place(m);
      uPlace = isStored ? null : place(u);
      flippedPlace = hasData ? own(uPlace.as(flippedU)) : null;
      flippedCopy = hasData ? new OrderedCopy(this, "w", w, shape.flippedW().desc(), false) : null;
      biasPlace = biases == null ? null : place(biases);
      try (convolution_forward.primitive_desc description = describe("", () -> forward(usage))) {
        forward =
            operation("", description)
                .multiplyAdds(shape.multiplyAdds())
                .direct(dnnl.DNNL_ARG_SRC, "x", v)
                .direct(dnnl.DNNL_ARG_WEIGHTS, "w", isStored ? w : u)
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
          STRIDES,
          padding,
          padding,
          attributes,
          false);
    }
  }

  private Operation data(convolution_forward.primitive_desc hint) {
    try (convolution_backward_data.primitive_desc description =
        describe(
            " data gradient",
            () ->
                new convolution_backward_data.primitive_desc(
                    context().engine(),
                    dnnl.algorithm.convolution_direct,
                    v.desc(),
                    flippedU.desc(),
                    m.desc(),
                    STRIDES,
                    padding,
                    padding,
                    hint))) {
      return operation(" data gradient", description)
          .multiplyAdds(shape.multiplyAdds())
          .direct(dnnl.DNNL_ARG_WEIGHTS, "w", flippedU)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", m)
          .direct(dnnl.DNNL_ARG_DIFF_SRC, "dx", v)
          .build();
    }
  }

  private Operation weights(convolution_forward.primitive_desc hint) {
    try (convolution_backward_weights.primitive_desc description =
        describe(
            " weights gradient",
            () ->
                new convolution_backward_weights.primitive_desc(
                    context().engine(),
                    dnnl.algorithm.convolution_direct,
                    v.desc(),
                    u.desc(),
                    bias(),
                    m.desc(),
                    STRIDES,
                    padding,
                    padding,
                    hint))) {
      return operation(" weights gradient", description)
          .multiplyAdds(shape.multiplyAdds())
          .direct(dnnl.DNNL_ARG_SRC, "x", v)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", m)
          .direct(dnnl.DNNL_ARG_DIFF_WEIGHTS, "dw", u)
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
    void run(int image, Tiles.Part part);
  }

  /** Does something for each part of the images that is worked on at a time. */
  private void parts(Work work) {
    for (int image = 0; image < x.shape().dim(0); image += shape.images()) {
      for (int tile = 0; tile < shape.tiles(); tile += shape.tilesAtOnce()) {
        work.run(image, new Tiles.Part(shape.images(), tile, shape.tilesAtOnce()));
      }
    }
  }

  private static long image(long address, OneDnnLayout layout, int image) {
    return address + layout.bytes() / layout.shape().dim(0) * image;
  }

  @Override
  public void forward(Tensor xTensor, Tensor wTensor, Tensor bTensor, Tensor yTensor) {
    long from = xCopy.before(operand(xTensor, x, "x")).address();
    long to = address(yTensor, y, "y");
    OneDnnTensor given = operand(wTensor, w, "w");
    OneDnnTensor filters = uPlace == null ? given : uPlace.tensor();
    if (uPlace != null) {
      filterTransform.transform(RowTransform.FILTER, given.address(), filters.address());
    }
    OneDnnTensor bias = null;
    if (b != null) {
      bias = biasPlace.tensor();
      float[] own = new float[spec.outChannels()];
      OneDnnTensor.of(bTensor, b, operand("b")).read(own);
      float[] all = new float[shape.points() * own.length];
      System.arraycopy(own, 0, all, shape.sum() * own.length, own.length);
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
          forward.run(in, filters, added, out);
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
    OneDnnTensor flipped = flippedPlace.tensor();
    filterTransform.transform(
        RowTransform.FLIPPED_FILTER,
        flippedCopy.before(operand(wTensor, w, "w")).address(),
        flipped.address());
    parts(
        (image, part) -> {
          OneDnnTensor in = mPlace.tensor();
          OneDnnTensor out = vPlace.tensor();
          dyTiles.transform(RowTransform.INPUT, image(from, y, image), part, in.address());
          run.run(flipped, in, out);
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
    float[] all = new float[shape.points() * sums.length];
    parts(
        (image, part) -> {
          OneDnnTensor in = vPlace.tensor();
          OneDnnTensor out = mPlace.tensor();
          xTiles.transform(RowTransform.INPUT, image(fromX, x, image), part, in.address());
          yTiles.transform(
              RowTransform.OUTPUT_GRADIENT, image(fromY, y, image), part, out.address());
          run.run(in, out, uPlace.tensor(), b == null ? null : biasPlace.tensor());
          boolean isFirst = image == 0 && part.begin() == 0;
          filterTransform.back(
              RowTransform.FILTER_GRADIENT, uPlace.tensor().address(), to, !isFirst);
          if (b != null) {
            biasPlace.tensor().read(all);
            for (int k = 0; k < sums.length; k++) {
              sums[k] += all[shape.sum() * sums.length + k];
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
