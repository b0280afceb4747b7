package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/**
 * Fully connected layer of few samples in C++ ({@code native/cpu/linear.cpp}), which takes as long
 * as it takes to read or write the weights. Those of a net that is trained are in single precision,
 * row-major, or in an image's own order of blocks of 16 channels. Shapes: x (N, ...) of I values
 * per sample, w (O, I), b (O), y (N, O). It is a part of {@link CpuLibrary}.
 */
final class NativeLinear extends OneDnnPlan implements WeightedPlan {
  /** The most samples with which it is faster than oneDNN. */
  private static final int FEW = 16;

  private static final int LANE = 16;

  private final LinearSpec spec;
  private final OneDnnLayout x;
  private final OneDnnLayout y;
  private final OneDnnLayout w;
  private final OneDnnLayout b; // null without a bias
  private final OrderedCopy xCopy;
  private final OrderedCopy yCopy;
  private final OrderedCopy dyCopy;
  private final OrderedCopy dxCopy; // null when not asked for
  private final boolean hasWeightGradients;

  /** Plans a layer that {@link #isPossible}. */
  NativeLinear(Dnnl context, LinearSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "linear layer", "x " + x.shape() + ", w " + spec.w());
    this.spec = spec;
    this.x = x;
    w = w(spec, x);
    b = spec.bias() ? OneDnnLayout.plain(spec.b(), DType.F32) : null;
    Shape to = spec.y(x.shape());
    y = OneDnnLayout.plain(to, context.types().activation());
    hasWeightGradients = usage.weightGradients();
    try {
      memory.desc samples = desc(x, x.shape(), DType.F32);
      memory.desc outputs = Dnnl.plain(to, DType.F32);
      xCopy = new OrderedCopy(this, "x", x, samples, false);
      yCopy = new OrderedCopy(this, "y", y, outputs, true);
      dyCopy = usage.training() ? new OrderedCopy(this, "dy", y, outputs, false) : null;
      boolean hasData = usage.training() && usage.inputGradient();
      dxCopy = hasData ? new OrderedCopy(this, "dx", x, samples, true) : null;
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** Returns the order of images: their own if it is in blocks of 16 channels, else row-major. */
  private static memory.desc desc(OneDnnLayout x, Shape shape, DType type) {
    Shape given = x.shape();
    boolean isBlocked =
        given.rank() == 4
            && given.dim(1) % LANE == 0
            && x.matches(ImageOrder.BLOCKS_OF_16.desc(given, x.dtype()));
    return isBlocked ? ImageOrder.BLOCKS_OF_16.desc(shape, type) : Dnnl.plain(shape, type);
  }

  private static OneDnnLayout w(LinearSpec spec, OneDnnLayout x) {
    Shape physical = x.shape().withBatch(spec.outFeatures());
    return OneDnnLayout.of(spec.w(), physical, desc(x, physical, DType.F32));
  }

  /**
   * Returns whether a layer is of this kind.
   *
   * @param given the layout of existing weights, or null
   */
  static boolean isPossible(LinearSpec spec, OneDnnLayout x, OneDnnLayout given, Usage usage) {
    return CpuLibrary.isLoaded()
        && x.shape().dim(0) <= FEW
        && spec.inFeatures() % LANE == 0
        && (given == null ? usage.weightGradients() : given.equals(w(spec, x)));
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
    OneDnnTensor to = operand(yTensor, y, "y");
    long from = xCopy.before(operand(xTensor, x, "x")).address();
    long weights = operand(wTensor, w, "w").address();
    long biases = b == null ? 0 : operand(bTensor, b, "b").address();
    long outputs = yCopy.before(to).address();
    long begun = begin();
    forward(
        from,
        weights,
        biases,
        outputs,
        x.shape().dim(0),
        spec.inFeatures(),
        spec.outFeatures(),
        spec.relu());
    end("", begun);
    yCopy.after(to);
  }

  @Override
  public void backwardData(Tensor wTensor, Tensor dy, Tensor dx) {
    OrderedCopy copy = planned(dxCopy, "without an input gradient");
    OneDnnTensor given = operand(dx, x, "dx");
    long weights = operand(wTensor, w, "w").address();
    long from = dyCopy.before(operand(dy, y, "dy")).address();
    long to = copy.before(given).address();
    long begun = begin();
    data(weights, from, to, x.shape().dim(0), spec.inFeatures(), spec.outFeatures());
    end(" data gradient", begun);
    copy.after(given);
  }

  @Override
  public void backwardWeights(Tensor xTensor, Tensor dy, Tensor dw, Tensor db) {
    planned(hasWeightGradients ? w : null, "without gradients of the weights");
    long from = xCopy.before(operand(xTensor, x, "x")).address();
    long gradient = dyCopy.before(operand(dy, y, "dy")).address();
    long to = operand(dw, w, "dw").address();
    long biases = b == null ? 0 : operand(db, b, "db").address();
    long begun = begin();
    weights(from, gradient, to, biases, x.shape().dim(0), spec.inFeatures(), spec.outFeatures());
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
    long samples = x.shape().elementCount() + y.shape().elementCount();
    long bytes = samples * Float.BYTES + w.bytes();
    long multiplyAdds = spec.multiplyAdds(x.shape());
    context().end(new Cost(operation() + part, Cost.CPP, false, bytes, multiplyAdds), begun);
  }

  private static native void forward(
      long x, long w, long b, long y, int samples, int in, int out, boolean relu);

  private static native void data(long w, long dy, long dx, int samples, int in, int out);

  private static native void weights(
      long x, long dy, long dw, long db, int samples, int in, int out);
}
