package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/**
 * Adaptive average pooling in Java, with sums in double: oneDNN has no windows of unequal size. It
 * comes once in a net, after the last pool, where images are small.
 */
final class OneDnnAdaptiveAvgPool2d extends OneDnnPlan implements WindowPlan {
  private static final int PLANES = 16; // that a worker handles at least

  private final boolean training;
  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout y; // (N, C, P, Q), row-major
  private final float[][] xPlanes; // (H W), one per worker
  private final float[][] yPlanes; // (P Q), likewise
  private final OrderedCopy in;
  private final OrderedCopy out; // null when planned for inference
  private final OrderedCopy yOut;
  private final OrderedCopy dyIn; // null when planned for inference
  private final Cost cost;

  OneDnnAdaptiveAvgPool2d(Dnnl context, AdaptiveAvgPool2dSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "adaptive average pool", "x " + x.shape());
    training = usage.training();
    this.x = x;
    y = OneDnnLayout.plain(spec.y(x.shape()), x.dtype());
    cost = Cost.loop("adaptive average pool", x.bytes() + y.bytes());
    int workers = context.workers().count();
    xPlanes = new float[workers][x.shape().dim(2) * x.shape().dim(3)];
    yPlanes = new float[workers][spec.height() * spec.width()];
    memory.desc plain = Dnnl.plain(x.shape(), DType.F32);
    try {
      in = new OrderedCopy(this, "x", x, plain, false);
      out = training ? new OrderedCopy(this, "dx", x, plain, true) : null;
      memory.desc means = Dnnl.plain(y.shape(), DType.F32);
      yOut = new OrderedCopy(this, "y", y, means, true);
      dyIn = training ? new OrderedCopy(this, "dy", y, means, false) : null;
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  @Override
  public Layout y() {
    return y;
  }

  @Override
  public Layout saved() {
    return null;
  }

  @Override
  public void forward(Tensor source, Tensor target, Tensor saved) {
    requireNothingSaved(saved);
    OneDnnTensor from = OneDnnTensor.of(source, x, operand("x"));
    OneDnnTensor into = OneDnnTensor.of(target, y, operand("y"));
    OneDnnTensor read = in.before(from);
    planes(read, xPlanes, yOut.before(into), yPlanes, this::mean);
    yOut.after(into);
  }

  @Override
  public void backward(Tensor source, Tensor target, Tensor dy, Tensor saved, Tensor dx) {
    if (!training) {
      throw new IllegalStateException("this adaptive average pool was planned for inference");
    }
    requireNothingSaved(saved);
    OneDnnTensor.of(source, x, operand("x"));
    OneDnnTensor.of(target, y, operand("y"));
    OneDnnTensor from = OneDnnTensor.of(dy, y, operand("dy"));
    OneDnnTensor into = OneDnnTensor.of(dx, x, operand("dx"));
    OneDnnTensor written = out.before(into);
    planes(dyIn.before(from), yPlanes, written, xPlanes, this::spread);
    out.after(into);
  }

  private void requireNothingSaved(Tensor saved) {
    if (saved != null) {
      throw new IllegalArgumentException(
          operand("saved") + " was planned to be null and got " + saved.layout());
    }
  }

  /** Makes one plane of values from another. */
  private interface PlaneKernel {
    void apply(float[] from, float[] into);
  }

  private void planes(
      OneDnnTensor source,
      float[][] from,
      OneDnnTensor target,
      float[][] into,
      PlaneKernel kernel) {
    long begun = context().begin();
    context()
        .workers()
        .run(
            (long) x.shape().dim(0) * x.shape().dim(1),
            PLANES,
            (worker, begin, end) -> {
              FloatPointer read = source.floats();
              FloatPointer written = target.floats();
              float[] values = from[worker];
              float[] results = into[worker];
              for (long plane = begin; plane < end; plane++) {
                read.position(plane * values.length).get(values);
                kernel.apply(values, results);
                written.position(plane * results.length).put(results);
              }
            });
    context().end(cost, begun);
  }

  private void mean(float[] values, float[] means) {
    int height = x.shape().dim(2);
    int width = x.shape().dim(3);
    int outHeight = y.shape().dim(2);
    int outWidth = y.shape().dim(3);
    for (int p = 0; p < outHeight; p++) {
      int top = AdaptiveAvgPool2dSpec.begin(p, height, outHeight);
      int bottom = AdaptiveAvgPool2dSpec.end(p, height, outHeight);
      for (int q = 0; q < outWidth; q++) {
        int left = AdaptiveAvgPool2dSpec.begin(q, width, outWidth);
        int right = AdaptiveAvgPool2dSpec.end(q, width, outWidth);
        double sum = 0;
        for (int h = top; h < bottom; h++) {
          for (int w = left; w < right; w++) {
            sum += values[h * width + w];
          }
        }
        means[p * outWidth + q] = (float) (sum / ((bottom - top) * (right - left)));
      }
    }
  }

  /** Each input collects its shares of the outputs whose windows have it. */
  private void spread(float[] slopes, float[] gradient) {
    int height = x.shape().dim(2);
    int width = x.shape().dim(3);
    int outHeight = y.shape().dim(2);
    int outWidth = y.shape().dim(3);
    for (int h = 0; h < height; h++) {
      int top = AdaptiveAvgPool2dSpec.begin(h, outHeight, height);
      int bottom = AdaptiveAvgPool2dSpec.end(h, outHeight, height);
      for (int w = 0; w < width; w++) {
        int left = AdaptiveAvgPool2dSpec.begin(w, outWidth, width);
        int right = AdaptiveAvgPool2dSpec.end(w, outWidth, width);
        double sum = 0;
        for (int p = top; p < bottom; p++) {
          int rows = length(p, height, outHeight);
          for (int q = left; q < right; q++) {
            sum += slopes[p * outWidth + q] / (double) (rows * length(q, width, outWidth));
          }
        }
        gradient[h * width + w] = (float) sum;
      }
    }
  }

  private static int length(int p, int in, int out) {
    return AdaptiveAvgPool2dSpec.end(p, in, out) - AdaptiveAvgPool2dSpec.begin(p, in, out);
  }
}
