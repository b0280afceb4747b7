package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * A convolution of 3x3 filters between so few channels that they fill half of a register, product
 * by product in C++ ({@code native/cpu/narrow.cpp}). There neighbouring pixels of a row fill the
 * registers. Shapes: x (N, C, H, W), w (K, C, 3, 3), b (K), y (N, K, H, W); images in blocks of 8
 * or 16 channels, x of up to 4 channels row-major, the rest row-major.
 */
final class NarrowConv2d extends OneDnnPlan implements WeightedPlan {
  private static final int MOST_PLANES = 4;

  private final Conv2dSpec spec;
  private final OneDnnLayout x;
  private final OneDnnLayout y;
  private final OneDnnLayout w;
  private final OneDnnLayout b; // null without a bias
  private final int xBlock;
  private final int yBlock;
  private final OrderedCopy xCopy;
  private final OrderedCopy dxCopy; // null when not asked for
  private final boolean hasWeightGradients;
  private final Scratch.Place scratch;

  /** Plans a convolution. */
  NarrowConv2d(Dnnl context, Conv2dSpec spec, OneDnnLayout x, Usage usage, ConvOrders orders) {
    super(context, "convolution", "x " + x.shape() + ", w " + spec.w());
    this.spec = spec;
    this.x = x;
    w = OneDnnLayout.plain(spec.w(), DType.F32);
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    Shape to = spec.y(x.shape());
    ImageOrder xOrder = order(spec.inChannels(), orders.x());
    ImageOrder yOrder = order(spec.outChannels(), orders.y());
    xBlock = xOrder.block(spec.inChannels());
    yBlock = yOrder.block(spec.outChannels());
    y = OneDnnLayout.of(to, yOrder.desc(to, x.dtype()));
    hasWeightGradients = usage.weightGradients();
    try {
      memory.desc blocks = xOrder.desc(x.shape(), x.dtype());
      xCopy = new OrderedCopy(this, "x", x, blocks, false);
      boolean hasData = usage.training() && usage.inputGradient();
      dxCopy = hasData ? new OrderedCopy(this, "dx", x, blocks, true) : null;
      long floats =
          scratch(
              x.shape().dim(0),
              spec.inChannels(),
              spec.outChannels(),
              x.shape().dim(2),
              x.shape().dim(3),
              context.threads());
      scratch = place(OneDnnLayout.plain(Shape.of(Math.toIntExact(floats)), DType.F32));
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** Returns the order of images of so many channels, as wished for if that is possible. */
  private static ImageOrder order(int channels, ImageOrder wish) {
    if (channels % ImageOrder.BLOCKS_OF_8.block(channels) != 0) {
      return ImageOrder.PLAIN;
    }
    boolean isWhole = channels % ImageOrder.BLOCKS_OF_16.block(channels) == 0;
    return wish == ImageOrder.BLOCKS_OF_16 && isWhole ? wish : ImageOrder.BLOCKS_OF_8;
  }

  /** Returns whether a convolution is of this kind in an engine whose images have a type. */
  static boolean isPossible(Conv2dSpec spec, DType type, Usage usage) {
    int block = ImageOrder.BLOCKS_OF_8.block(spec.inChannels());
    boolean hasData = usage.training() && usage.inputGradient();
    return CpuLibrary.isLoaded()
        && type == DType.F32
        && spec.kernel() == WinogradShape.TAPS
        && spec.padding() == 1
        && (spec.inChannels() == block || spec.outChannels() == block)
        && spec.outChannels() % block == 0
        && (spec.inChannels() % block == 0 || (spec.inChannels() <= MOST_PLANES && !hasData));
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
    long filters = operand(wTensor, w, "w").address();
    long biases = b == null ? 0 : operand(bTensor, b, "b").address();
    long to = operand(yTensor, y, "y").address();
    long begun = begin();
    convolve(from, filters, biases, to, false);
    end("", begun);
  }

  @Override
  public void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    OrderedCopy copy = planned(dxCopy, "without an input gradient");
    OneDnnTensor given = operand(dx, x, "dx");
    long to = copy.before(given).address();
    long from = operand(dy, y, "dy").address();
    long filters = operand(wTensor, w, "w").address();
    long begun = begin();
    convolve(from, filters, 0, to, true);
    end(" data gradient", begun);
    copy.after(given);
  }

  /** Sets y from x or, flipped, dx from dy. */
  private void convolve(long from, long filters, long biases, long to, boolean flipped) {
    convolve(
        from,
        filters,
        biases,
        to,
        scratch.tensor().address(),
        x.shape().dim(0),
        flipped ? spec.outChannels() : spec.inChannels(),
        flipped ? yBlock : xBlock,
        flipped ? spec.inChannels() : spec.outChannels(),
        flipped ? xBlock : yBlock,
        x.shape().dim(2),
        x.shape().dim(3),
        context().threads(),
        flipped,
        !flipped && spec.relu());
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    planned(hasWeightGradients ? w : null, "without gradients of the weights");
    long from = xCopy.before(operand(xTensor, x, "x")).address();
    long gradient = operand(dy, y, "dy").address();
    long filters = operand(dw, w, "dw").address();
    long biases = db == null ? 0 : operand(db, b, "db").address();
    long begun = begin();
    weights(
        from,
        gradient,
        filters,
        biases,
        scratch.tensor().address(),
        x.shape().dim(0),
        spec.inChannels(),
        xBlock,
        spec.outChannels(),
        yBlock,
        x.shape().dim(2),
        x.shape().dim(3),
        context().threads());
    end(" weights gradient", begun);
  }

  private OneDnnTensor operand(Tensor tensor, OneDnnLayout planned, String role) {
    return OneDnnTensor.of(tensor, planned, operand(role));
  }

  private long begin() {
    context().checkThread();
    return context().begin();
  }

  private void end(String part, long begun) {
    long bytes = x.bytes() + y.bytes() + w.bytes();
    long multiplyAdds = spec.multiplyAdds(x.shape());
    context().end(new Cost(operation() + part, Cost.CPP, false, bytes, multiplyAdds), begun);
  }

  /** Returns the floats that the others work in. */
  private static native long scratch(
      int images, int in, int out, int height, int width, int threads);

  private static native void convolve(
      long x,
      long w,
      long biases,
      long y,
      long scratch,
      int images,
      int in,
      int inBlock,
      int out,
      int outBlock,
      int height,
      int width,
      int threads,
      boolean flipped,
      boolean relu);

  private static native void weights(
      long x,
      long dy,
      long dw,
      long db,
      long scratch,
      int images,
      int in,
      int inBlock,
      int out,
      int outBlock,
      int height,
      int width,
      int threads);
}
