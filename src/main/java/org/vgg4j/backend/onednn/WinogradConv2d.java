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
 * <p>A net for inference stores the transformed filters; else they are transformed in each call. It
 * may pool y as it writes it.
 *
 * <p>How the work is divided: {@link NativeFiltering} or {@link FilteringInParts}.
 */
final class WinogradConv2d extends OneDnnPlan implements WeightedPlan {
  private final OneDnnLayout x; // as it is given
  private final OneDnnLayout y;
  private final OneDnnLayout w;
  private final OneDnnLayout b; // null without a bias
  private final OrderedCopy xCopy;
  private final OrderedCopy dxCopy; // null when not asked for
  private final Scratch.Place uPlace; // transformed w, or its gradient; null where w is stored so
  private final Scratch.Place flippedPlace; // the same for the data gradient; null without it
  private final FilterTransform filterTransform;
  private final OrderedCopy flippedCopy; // null without a data gradient
  private final Filtering images; // computes y and dx
  private final Filtering weights; // computes dw; null without it

  /**
   * Plans a convolution.
   *
   * @param way by minimal filtering in one dimension or two
   * @param isPooled whether y is to be what {@link WinogradShape#POOL} leaves of it; for inference
   *     in two dimensions with the library in C++
   */
  WinogradConv2d(
      Dnnl context,
      Conv2dSpec spec,
      OneDnnLayout x,
      OneDnnLayout givenW,
      Usage usage,
      Convolutions way,
      boolean isPooled) {
    super(context, "convolution", "x " + x.shape() + ", w " + spec.w());
    this.x = x;
    WinogradShape shape =
        new WinogradShape(spec, x.shape(), context.types().activation(), way, isPooled);
    OneDnnLayout blocks = shape.x();
    y = shape.y();
    boolean isStored = givenW == null ? ConvWay.isStored(usage) : givenW.filters() != null;
    if (isStored && usage.training()) {
      throw new IllegalArgumentException(
          "weights stored for inference cannot be trained: w " + spec.w());
    }
    w = isStored ? shape.storedW() : shape.w();
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    filterTransform = new FilterTransform(context, spec.w(), way);
    try {
      xCopy = new OrderedCopy(this, "x", x, blocks.desc(), false);
      boolean hasData = usage.training() && usage.inputGradient();
      dxCopy = hasData ? new OrderedCopy(this, "dx", x, blocks.desc(), true) : null;
      OneDnnLayout u = shape.transformedW();
      uPlace = isStored ? null : place(u);
      flippedPlace = hasData ? own(uPlace.as(shape.transformedFlippedW())) : null;
      flippedCopy = hasData ? new OrderedCopy(this, "w", w, shape.flippedW().desc(), false) : null;
      boolean hasWeights = usage.weightGradients();
      boolean isNative = NativeFiltering.isFor(shape);
      boolean isShared =
          hasWeights && isNative == NativeFiltering.isForWeights(shape, context.threads());
      OneDnnLayout read = isStored ? w : u;
      beginOperation();
      images =
          isNative
              ? new NativeFiltering(this, spec, shape, filterTransform, isShared)
              : new FilteringInParts(this, spec, shape, filterTransform, read, usage, way);
      if (hasWeights && !isShared) {
        beginOperation();
        weights = new FilteringInParts(this, spec, shape, filterTransform, read, usage, way);
      } else {
        weights = hasWeights ? images : null;
      }
      endOperation();
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

  @Override
  public void forward(Tensor xTensor, Tensor wTensor, Tensor bTensor, Tensor yTensor) {
    if (b == null && bTensor != null) {
      throw new IllegalArgumentException(operand("b") + " was planned to be null");
    }
    long from = xCopy.before(operand(xTensor, x, "x")).address();
    long to = address(yTensor, y, "y");
    OneDnnTensor given = operand(wTensor, w, "w");
    OneDnnTensor filters = uPlace == null ? given : uPlace.tensor();
    if (uPlace != null) {
      filterTransform.transform(RowTransform.FILTER, given.address(), filters.address());
    }
    images.forward(from, filters, b == null ? null : operand(bTensor, b, "b"), to);
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
    images.data(flipped, from, to);
    dxCopy.after(given);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    Filtering filtering = planned(weights, "without gradients of the weights");
    long fromX = xCopy.before(operand(xTensor, x, "x")).address();
    long fromY = address(dy, y, "dy");
    long to = address(dw, w, "dw");
    filtering.weights(fromX, fromY, uPlace.tensor(), to, db == null ? null : operand(db, b, "db"));
  }

  private OneDnnTensor operand(Tensor tensor, OneDnnLayout planned, String role) {
    return OneDnnTensor.of(tensor, planned, operand(role));
  }

  private long address(Tensor tensor, OneDnnLayout planned, String role) {
    return operand(tensor, planned, role).address();
  }
}
