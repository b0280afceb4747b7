package org.vgg4j.backend.onednn;

import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * A convolution of 3x3 filters by minimal filtering ({@link RowTransform}), with half, a quarter or
 * a fifth of the products. In one dimension four rows of an image become six, each of which is
 * convolved along the row with filters 1x3 of its own, a group of one grouped convolution of
 * oneDNN. In two dimensions tiles of 4x4 values become 6x6, or 6x6 become 8x8, each of which is
 * multiplied with filters 1x1 of its own, a group again. Shapes: x (N, C, H, W), w (K, C, 3, 3), b
 * (K), y (N, K, H, W), all in blocks of 16 channels; what they are transformed to: {@link
 * WinogradShape}. Images may be in bf16; filters, transformed values and products are in single
 * precision.
 *
 * <p>A net for inference stores the transformed filters; else they are transformed in each call.
 *
 * <p>It runs on a part of the images, and of their tiles, at a time, so that the transformed rows
 * stay in the cache and take little memory.
 */
final class WinogradConv2d extends OneDnnPlan implements WeightedPlan {
  private final Conv2dSpec spec;
  private final OneDnnLayout x; // as it is given
  private final OneDnnLayout blocks; // as it is read
  private final OneDnnLayout y;
  private final OneDnnLayout w;
  private final OneDnnLayout b; // null without a bias
  private final OrderedCopy xCopy;
  private final OrderedCopy dxCopy; // null when not asked for
  private final WinogradShape shape;
  private final Scratch.Place vPlace; // transformed x
  private final Scratch.Place mPlace; // transformed y
  private final Scratch.Place uPlace; // transformed w; null where w is stored so
  private final Scratch.Place duPlace; // the same as its gradient's; null without it
  private final Scratch.Place flippedPlace; // the same for the data gradient; null without it
  private final Scratch.Place biasPlace; // biases of all groups; null without a bias
  private final FilterTransform filterTransform;
  private final OrderedCopy flippedCopy; // null without a data gradient
  private final Tiles xTiles; // read with a row and a column before and after each
  private final Tiles yTiles;
  private final Tiles dxTiles;
  private final Tiles dyTiles; // read with a row and a column before and after each
  private final Products products;

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
    blocks = shape.x();
    y = shape.y();
    boolean isStored = givenW == null ? ConvWay.isStored(usage) : givenW.filters() != null;
    if (isStored && usage.training()) {
      throw new IllegalArgumentException(
          "weights stored for inference cannot be trained: w " + spec.w());
    }
    w = isStored ? shape.storedW() : shape.w();
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    filterTransform = new FilterTransform(context, spec.w(), way);
    xTiles = shape.tilesOf(context, "x", spec.inChannels(), -1);
    yTiles = shape.tilesOf(context, "y", spec.outChannels(), 0);
    dxTiles = shape.tilesOf(context, "dx", spec.inChannels(), 0);
    dyTiles = shape.tilesOf(context, "dy", spec.outChannels(), -1);
    try {
      xCopy = new OrderedCopy(this, "x", x, blocks.desc(), false);
      boolean hasData = usage.training() && usage.inputGradient();
      dxCopy = hasData ? new OrderedCopy(this, "dx", x, blocks.desc(), true) : null;
      vPlace = place(shape.transformedX());
      mPlace = place(shape.transformedY());
      OneDnnLayout u = shape.transformedW();
      uPlace = isStored ? null : place(u);
      duPlace = usage.weightGradients() ? uPlace : null;
      flippedPlace = hasData ? own(uPlace.as(shape.transformedFlippedW())) : null;
      flippedCopy = hasData ? new OrderedCopy(this, "w", w, shape.flippedW().desc(), false) : null;
      biasPlace = b == null ? null : place(shape.biases());
      products =
          WinogradShape.isSquare(way) && CpuLibrary.isLoaded()
              ? new NativeProducts(context, shape)
              : new OneDnnProducts(this, shape, isStored ? w : u, b != null, usage);
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
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
      for (int i = 0; i < shape.parts(); i++) {
        work.run(image, shape.part(i));
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
          xTiles.transform(RowTransform.INPUT, image(from, blocks, image), part, in.address());
          products.forward(part, in, filters, added, out);
          yTiles.back(
              RowTransform.OUTPUT, out.address(), part, image(to, y, image), false, spec.relu());
        });
  }

  @Override
  public void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    OneDnnTensor flipped = planned(flippedPlace, "without an input gradient").tensor();
    long from = address(dy, y, "dy");
    OneDnnTensor given = operand(dx, x, "dx");
    long to = dxCopy.before(given).address();
    filterTransform.transform(
        RowTransform.FLIPPED_FILTER,
        flippedCopy.before(operand(wTensor, w, "w")).address(),
        flipped.address());
    parts(
        (image, part) -> {
          OneDnnTensor in = mPlace.tensor();
          OneDnnTensor out = vPlace.tensor();
          dyTiles.transform(RowTransform.INPUT, image(from, y, image), part, in.address());
          products.data(part, flipped, in, out);
          dxTiles.back(
              RowTransform.OUTPUT, out.address(), part, image(to, blocks, image), false, false);
        });
    dxCopy.after(given);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    OneDnnTensor filters = planned(duPlace, "without gradients of the weights").tensor();
    long fromX = xCopy.before(operand(xTensor, x, "x")).address();
    long fromY = address(dy, y, "dy");
    long to = address(dw, w, "dw");
    float[] sums = new float[b == null ? 0 : spec.outChannels()];
    float[] all = new float[shape.points() * sums.length];
    parts(
        (image, part) -> {
          OneDnnTensor in = vPlace.tensor();
          OneDnnTensor out = mPlace.tensor();
          xTiles.transform(RowTransform.INPUT, image(fromX, blocks, image), part, in.address());
          yTiles.transform(
              RowTransform.OUTPUT_GRADIENT, image(fromY, y, image), part, out.address());
          boolean isFirst = image == 0 && part.begin() == 0;
          products.weights(part, in, out, filters, b == null ? null : biasPlace.tensor(), !isFirst);
          if (!products.addUp()) {
            filterTransform.back(RowTransform.FILTER_GRADIENT, filters.address(), to, !isFirst);
          }
          if (b != null) {
            biasPlace.tensor().read(all);
            for (int k = 0; k < sums.length; k++) {
              sums[k] += all[shape.sum() * sums.length + k];
            }
          }
        });
    if (products.addUp()) {
      filterTransform.back(RowTransform.FILTER_GRADIENT, filters.address(), to, false);
    }
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
